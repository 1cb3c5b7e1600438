//! An answer of the query protocol, from XML to the JSON that AWS gives those who accept it.
//!
//! Elements become members, lists become arrays, all values are text. Types and members without a value, which only the service's model
//! would tell, are not added.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value, json};

/// Elements, attributes and texts of an answer: a queue gives ten messages of ten attributes each at most.
const NODES_MAX: u32 = 100_000;
/// Elements within each other; answers have about six.
const DEPTH_MAX: usize = 32;

/// Lists whose elements stand in the answer without one around them, and what AWS's JSON calls them (SQS's service description, and
/// recorded answers of ReceiveMessage).
const FLAT_LISTS: [(&str, &str, &str); 4] = [
    ("ReceiveMessageResult", "Message", "messages"),
    ("ListQueuesResult", "QueueUrl", "queueUrls"),
    ("ListDeadLetterSourceQueuesResult", "QueueUrl", "queueUrls"),
    ("SendMessageBatchResult", "SendMessageBatchResultEntry", "Successful"),
];

/// The answer as JSON; `None` when it is no answer of the query protocol.
pub(super) fn to_json(text: &str) -> Option<Value> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    let root = document.root_element();
    match root.tag_name().name() {
        "ErrorResponse" => error(root),
        name if name.ends_with("Response") => Some(json!({ name: value(root, 0)? })),
        _ => None,
    }
}

/// `{"Error": {"Code": ..., "Message": ..., "Type": ...}, "RequestId": ...}` (published logs).
fn error(root: Node<'_, '_>) -> Option<Value> {
    let child = |of: Node<'_, '_>, name: &str| {
        of.children().find(|node| node.tag_name().name() == name).and_then(|node| node.text().map(str::to_owned))
    };
    let error = root.children().find(|node| node.tag_name().name() == "Error")?;
    let (code, message, kind) = (child(error, "Code"), child(error, "Message"), child(error, "Type"));
    let request_id = child(root, "RequestId").or_else(|| child(root, "RequestID"));
    Some(json!({ "Error": { "Code": code, "Message": message, "Type": kind }, "RequestId": request_id }))
}

fn value(node: Node<'_, '_>, depth: usize) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    let elements: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
    if elements.is_empty() {
        return Some(node.text().map_or(Value::Null, Value::from));
    }
    if elements.iter().all(|element| element.tag_name().name() == "member") {
        return elements.into_iter().map(|element| value(element, depth + 1)).collect::<Option<Vec<_>>>().map(Value::Array);
    }
    let mut members = Map::new();
    for element in elements {
        let name = element.tag_name().name();
        let flat = FLAT_LISTS.iter().find(|(parent, child, _)| *parent == node.tag_name().name() && *child == name);
        let value = value(element, depth + 1)?;
        match (flat, members.get_mut(flat.map_or(name, |(_, _, list)| list))) {
            (_, Some(Value::Array(list))) => list.push(value),
            (_, Some(first)) => *first = Value::Array(vec![first.take(), value]),
            (Some((_, _, list)), None) => drop(members.insert((*list).to_owned(), Value::Array(vec![value]))),
            (None, None) => drop(members.insert(name.to_owned(), value)),
        }
    }
    Some(Value::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let sent = "<?xml version=\"1.0\"?><SendMessageResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">
            <SendMessageResult><MessageId>5bb3</MessageId><MD5OfMessageBody>a1ee</MD5OfMessageBody></SendMessageResult>
            <ResponseMetadata><RequestId>1151</RequestId></ResponseMetadata></SendMessageResponse>";
        let expected = json!({"SendMessageResponse": {
            "SendMessageResult": {"MessageId": "5bb3", "MD5OfMessageBody": "a1ee"},
            "ResponseMetadata": {"RequestId": "1151"},
        }});
        assert_eq!(to_json(sent), Some(expected));

        let received = "<ReceiveMessageResponse><ReceiveMessageResult><Message><Body>a &amp; b</Body><Attribute><Name>n</Name></Attribute>\
                        <Attribute><Name>m</Name></Attribute></Message></ReceiveMessageResult></ReceiveMessageResponse>";
        let message = json!({"Body": "a & b", "Attribute": [{"Name": "n"}, {"Name": "m"}]});
        assert_eq!(to_json(received), Some(json!({"ReceiveMessageResponse": {"ReceiveMessageResult": {"messages": [message]}}})));

        let listed = "<ListTopicsResponse><ListTopicsResult><Topics><member><TopicArn>t</TopicArn></member></Topics><NextToken/>\
                      </ListTopicsResult></ListTopicsResponse>";
        let topics = json!({"Topics": [{"TopicArn": "t"}], "NextToken": null});
        assert_eq!(to_json(listed), Some(json!({"ListTopicsResponse": {"ListTopicsResult": topics}})));
    }

    #[test]
    fn errors() {
        let text = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>denied</Message><Detail/></Error>\
                    <RequestId>5911</RequestId></ErrorResponse>";
        let error = json!({"Code": "AccessDenied", "Message": "denied", "Type": "Sender"});
        assert_eq!(to_json(text), Some(json!({"Error": error, "RequestId": "5911"})));
    }

    #[test]
    fn what_is_no_answer_of_the_query_protocol() {
        let deep = format!("<AResponse>{}{}</AResponse>", "<a>".repeat(100), "</a>".repeat(100));
        let bomb = "<!DOCTYPE a [<!ENTITY a \"x\">]><AResponse>&a;</AResponse>";
        for text in ["", "plain", "<html/>", "<AResponse>", "<ErrorResponse/>", bomb, &deep] {
            assert_eq!(to_json(text), None, "{text}");
        }
        // Deep enough to take the stack of a reader that calls itself.
        assert_eq!(to_json(&format!("<AResponse>{}", "<a>".repeat(90_000))), None);
    }
}
