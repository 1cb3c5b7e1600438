//! Each client, run: what it puts on the wire, and that the signature which it makes is one that verifies.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue};
use postern_sigv4::{Payload, SecretKey, Session, SigningRequest, VerifyOptions};

use super::*;

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "token+of/a while==";
/// Long enough for the slowest tool to start on a busy machine.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// A request as it came.
struct Seen {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Answers one request with `{"ok": true}` and gives it back.
fn listen() -> (u16, JoinHandle<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
        let seen = read(&mut stream);
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{\"ok\": true}";
        stream.write_all(answer.as_bytes()).unwrap();
        seen
    });
    (port, seen)
}

fn read(stream: &mut TcpStream) -> Seen {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "the client broke off");
        bytes.extend_from_slice(&chunk[..count]);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap().split(' ');
    let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.map(|line| line.split_once(':').unwrap()) {
        headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value.trim()).unwrap());
    }
    let length = headers.get("content-length").map_or(0, |length| length.to_str().unwrap().parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "the client broke off");
        body.extend_from_slice(&chunk[..count]);
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Seen { method, path: path.to_owned(), query: query.to_owned(), headers, body }
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Every client makes this call with these values, chosen to be encoded differently by anyone who guesses.
fn check(seen: &Seen) {
    assert_eq!(seen.method, "PUT");
    assert_eq!(seen.path, "/base/pets/a%20b%2Fc%2B%C3%A9/x/y%21%27%28%29%2A~");
    assert_eq!(seen.query, "path=b%20%26%3D&path=a%2F");
    assert_eq!(seen.header("x-amz-meta"), "one  two");
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&seen.body).unwrap(), json!({"name": "Zoë"}));

    let request = SigningRequest {
        method: &seen.method,
        raw_path: &seen.path,
        raw_query: &seen.query,
        headers: &seen.headers,
        body: Payload::Bytes(&seen.body),
    };
    let presented = postern_sigv4::parse(&request).unwrap();
    assert_eq!(presented.access_key_id, KEY);
    assert_eq!(presented.scope.region, "eu-west-1");
    let session = Some(Session { token_sha256: Session::hash_of(TOKEN), expires_s: i64::MAX });
    let options = VerifyOptions { session, ..VerifyOptions::for_services(&["execute-api"]) };
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    postern_sigv4::verify(&presented, &request, &SecretKey::new(SECRET), now, &options).unwrap();
}

#[test]
fn javascript_signs() {
    if !has("node") {
        return;
    }
    let (port, seen) = listen();
    let unpacked = Unpacked::new(&generated(&pets().client(&format!("http://127.0.0.1:{port}/base")), "javascript"));
    let script = format!(
        "const client = require('./apigClient.js').newClient({{accessKey: '{KEY}', secretKey: '{SECRET}', sessionToken: '{TOKEN}'}});
        const params = {{petId: 'a b/c+é', rest: \"x/y!'()*~\", path: ['b &=', 'a/'], 'x-amz-meta': 'one  two'}};
        client.petsPetIdRestPut(params, {{name: 'Zoë'}}).then((result) => console.log(result.status, result.data.ok));"
    );
    let file = unpacked.write("apiGateway-js-sdk/test.js", &script);
    assert_eq!(must(Command::new("node").arg(file)).trim(), "200 true");
    check(&seen.join().unwrap());
}

#[test]
fn python_signs() {
    if !has("python3") {
        return;
    }
    let (port, seen) = listen();
    let unpacked = Unpacked::new(&generated(&pets().client(&format!("http://127.0.0.1:{port}/base")), "python"));
    let script = format!(
        "import apig_client
client = apig_client.Client(access_key='{KEY}', secret_key='{SECRET}', session_token='{TOKEN}')
answer = client.put_pets_pet_id_rest(pet_id='a b/c+é', rest=\"x/y!'()*~\", path=['b &=', 'a/'], x_amz_meta='one  two', body={{'name': 'Zoë'}})
print(answer.status, answer.data['ok'])"
    );
    let file = unpacked.write("apiGateway-python-sdk/test.py", &script);
    assert_eq!(must(Command::new("python3").arg("-B").arg(file)).trim(), "200 True");
    check(&seen.join().unwrap());
}

#[test]
fn java_signs() {
    if !has("javac") {
        return;
    }
    let (port, seen) = listen();
    let unpacked = Unpacked::new(&generated(&pets().client(&format!("http://127.0.0.1:{port}/base")), "java"));
    let main = format!(
        "import com.example.pets.*;
        import com.example.pets.model.*;
        public class Main {{
            public static void main(String[] none) {{
                PetClient client = PetClient.builder().iamCredentials(new IamCredentials(\"{KEY}\", \"{SECRET}\", \"{TOKEN}\")).build();
                ApiResponse answer = client.putPetsPetIdRest(new PutPetsPetIdRestRequest().petId(\"a b/c+\\u00e9\").rest(\"x/y!'()*~\")
                    .path2(\"b &=\", \"a/\").xAmzMeta(\"one  two\").body(\"{{\\\"name\\\":\\\"Zo\\u00eb\\\"}}\"));
                System.out.println(answer.status() + \" \" + answer.body());
            }}
        }}"
    );
    // `path` is a method of every request, so the parameter of that name has another.
    unpacked.write("Main.java", &main);
    unpacked.compile_java();
    let said = must(Command::new("java").arg("-cp").arg(unpacked.path("classes")).arg("Main"));
    assert_eq!(said.trim(), "200 {\"ok\": true}");
    check(&seen.join().unwrap());
}

#[test]
fn ruby_signs() {
    if !has("ruby") {
        return;
    }
    let (port, seen) = listen();
    let unpacked = Unpacked::new(&generated(&pets().client(&format!("http://127.0.0.1:{port}/base")), "ruby"));
    let script = format!(
        "# encoding: utf-8
require 'pet-sdk'
client = Pet::Client.new(access_key_id: '{KEY}', secret_access_key: '{SECRET}', session_token: '{TOKEN}')
answer = client.put_pets_pet_id_rest(pet_id: 'a b/c+é', rest: \"x/y!'()*~\", path: ['b &=', 'a/'], x_amz_meta: 'one  two', body: {{ name: 'Zoë' }})
puts answer.status.to_s + ' ' + answer.data['ok'].to_s"
    );
    let file = unpacked.write("test.rb", &script);
    assert_eq!(must(Command::new("ruby").arg("-I").arg(unpacked.path("pet-sdk/lib")).arg(file)).trim(), "200 true");
    check(&seen.join().unwrap());
}
