{{licence}}package {{package}};

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signature Version 4 over the host, the x-amz-* headers and the body. */
final class Signer {
    private static final String ALGORITHM = "AWS4-HMAC-SHA256";
    private static final String SERVICE = "execute-api";
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'");

    private Signer() {
    }

    static void sign(IamCredentials credentials, String region, ApiRequest<?> request, URI uri, Map<String, String> headers,
        byte[] body) {
        if (credentials == null) {
            throw new IllegalArgumentException(request.name() + " is signed: give iamCredentials to the builder");
        }
        String time = ZonedDateTime.now(ZoneOffset.UTC).format(TIME);
        headers.put("x-amz-date", time);
        if (credentials.sessionToken != null) {
            headers.put("x-amz-security-token", credentials.sessionToken);
        }
        Map<String, String> signed = new TreeMap<>();
        headers.forEach((name, value) -> {
            if (name.startsWith("x-amz-")) {
                signed.put(name, value.trim().replaceAll("[ \t]+", " "));
            }
        });
        signed.put("host", host(uri));
        StringBuilder fields = new StringBuilder();
        signed.forEach((name, value) -> fields.append(name).append(':').append(value).append('\n'));
        String names = String.join(";", signed.keySet());
        String canonical = String.join("\n", request.verb(), path(uri.getRawPath()), query(request.query()), fields, names,
            hex(digest(body)));
        List<String> scope = Arrays.asList(time.substring(0, 8), region, SERVICE, "aws4_request");
        String text = String.join("\n", ALGORITHM, time, String.join("/", scope), hex(digest(bytes(canonical))));
        byte[] key = bytes("AWS4" + credentials.secretKey);
        for (String part : scope) {
            key = hmac(key, part);
        }
        headers.put("authorization", ALGORITHM + " Credential=" + credentials.accessKey + "/" + String.join("/", scope)
            + ", SignedHeaders=" + names + ", Signature=" + hex(hmac(key, text)));
    }

    /** As the JDK's client sends it: without the scheme's own port. */
    private static String host(URI uri) {
        boolean isUsual = uri.getPort() == -1 || uri.getPort() == ("https".equals(uri.getScheme()) ? 443 : 80);
        return isUsual ? uri.getHost() : uri.getHost() + ":" + uri.getPort();
    }

    private static String path(String raw) {
        List<String> parts = new ArrayList<>();
        for (String part : raw.split("/")) {
            if (!part.isEmpty()) {
                parts.add(encode(part));
            }
        }
        return "/" + String.join("/", parts) + (!parts.isEmpty() && raw.endsWith("/") ? "/" : "");
    }

    private static String query(List<String[]> given) {
        List<String[]> pairs = new ArrayList<>();
        for (String[] pair : given) {
            pairs.add(new String[] {encode(pair[0]), encode(pair[1])});
        }
        pairs.sort(Comparator.<String[], String>comparing(pair -> pair[0]).thenComparing(pair -> pair[1]));
        List<String> joined = new ArrayList<>();
        for (String[] pair : pairs) {
            joined.add(pair[0] + "=" + pair[1]);
        }
        return String.join("&", joined);
    }

    /** RFC 3986: only unreserved characters stay. */
    static String encode(String text) {
        StringBuilder encoded = new StringBuilder();
        for (byte octet : bytes(text)) {
            char character = (char) (octet & 0xff);
            boolean isPlain = character >= 'A' && character <= 'Z' || character >= 'a' && character <= 'z'
                || character >= '0' && character <= '9' || "-_.~".indexOf(character) >= 0;
            encoded.append(isPlain ? String.valueOf(character) : String.format("%%%02X", (int) character));
        }
        return encoded.toString();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String hex(byte[] octets) {
        StringBuilder text = new StringBuilder();
        for (byte octet : octets) {
            text.append(String.format("%02x", octet & 0xff));
        }
        return text.toString();
    }

    private static byte[] digest(byte[] octets) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(octets);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(bytes(text));
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }
}
