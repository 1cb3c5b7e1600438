"""An OpenID issuer on loopback: a discovery document, keys that can be rotated, and tokens signed with them."""

import base64
import datetime
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Part of what moto brings.
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

COORDINATE_BYTES = 32


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, length=None):
    return encoded(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


class Key:
    """An RSA key, or one on P-256."""

    def __init__(self, key_id, kind="RSA"):
        self.id = key_id
        self.is_rsa = kind == "RSA"
        self.private = rsa.generate_private_key(65537, 2048) if self.is_rsa else ec.generate_private_key(ec.SECP256R1())

    def jwk(self):
        numbers = self.private.public_key().public_numbers()
        jwk = {"kid": self.id, "use": "sig"}
        if self.is_rsa:
            return {**jwk, "kty": "RSA", "alg": "RS256", "n": number(numbers.n), "e": number(numbers.e)}
        x, y = (number(value, COORDINATE_BYTES) for value in (numbers.x, numbers.y))
        return {**jwk, "kty": "EC", "crv": "P-256", "x": x, "y": y}

    def token(self, claims, **header):
        header = {"alg": "RS256" if self.is_rsa else "ES256", "kid": self.id, **header}
        signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
        if self.is_rsa:
            signature = self.private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        else:
            r, s = utils.decode_dss_signature(self.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
            signature = r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")
        return f"{signed}.{encoded(signature)}"


class Issuer:
    """Serves `keys` at `/keys` and, for pools, at `/{any}/.well-known/jwks.json`; `asked` are the paths that were asked for."""

    def __init__(self, name=None, context=None):
        self.keys = [Key("k1")]
        self.asked = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                body = json.dumps(issuer.answer(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"https://localhost:{self.port}" if context else f"http://127.0.0.1:{self.port}"
        self.name = name or self.url
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def answer(self, path):
        if path.endswith("/openid-configuration"):
            return {"issuer": self.name, "jwks_uri": f"{self.url}/keys"}
        return {"keys": [key.jwk() for key in self.keys]}

    def token(self, key=None, **claims):
        now = int(time.time())
        claims = {"iss": self.name, "aud": "orders", "sub": "ann", "iat": now - 1, "exp": now + 600, **claims}
        return (key or self.keys[0]).token({name: value for name, value in claims.items() if value is not None})

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def authority(directory):
    """A certificate authority of one's own: (its file, a server's context for `localhost`)."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(subject, issuer, public, signer, *extensions):
        name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
        made = x509.CertificateBuilder(name(issuer), name(subject), public, x509.random_serial_number())
        made = made.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(hours=1))
        for extension in extensions:
            made = made.add_extension(extension, critical=False)
        return made.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = certificate("test authority", "test authority", root.public_key(), root, x509.BasicConstraints(ca=True, path_length=None))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    server = certificate("localhost", "test authority", own.public_key(), root, names)
    formats = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "ca.pem").write_bytes(ca)
    (directory / "server.pem").write_bytes(server + own.private_bytes(*formats))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem")
    return directory / "ca.pem", context
