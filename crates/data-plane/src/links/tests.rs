//! What a link leads to.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use postern_api_model::ports::References;

use super::*;
use crate::transport::{ChosenBy, TlsVerify};

const NLB: &str = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/net/n/1";
const ALB: &str = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/a/1";
const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:listener/app/a/1/2";

fn source() -> ApiSource {
    let links = [
        ("v1", LinkEnd::LoadBalancer(NLB.to_owned())),
        ("v2", LinkEnd::Network),
        ("other", LinkEnd::LoadBalancer(NLB.replace("000000000000", "111111111111"))),
        ("abroad", LinkEnd::LoadBalancer(NLB.replace("eu-west-1", "us-east-1"))),
        ("lambda", LinkEnd::LoadBalancer("arn:aws:lambda:eu-west-1:000000000000:function:f".to_owned())),
        ("unmapped", LinkEnd::LoadBalancer(format!("{NLB}9"))),
        ("empty", LinkEnd::LoadBalancer(format!("{NLB}8"))),
    ];
    ApiSource {
        api_id: "a".to_owned(),
        version: 1,
        scope: Scope { account: "000000000000".to_owned(), region: "eu-west-1".to_owned() },
        disable_execute_api_endpoint: false,
        stages: BTreeMap::new(),
        deployments: BTreeMap::new(),
        references: References {
            vpc_links: links.map(|(id, end)| (id.to_owned(), end)).into(),
            client_certificates: BTreeMap::new(),
        },
    }
}

fn target(addresses: &[&str]) -> LinkTarget {
    LinkTarget { addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(), health_check_path: None }
}

fn targets() -> LinkTargets {
    let configured = [
        (NLB.to_owned(), target(&["10.0.0.1:8080", "10.0.0.2"])),
        (ALB.to_owned(), target(&["10.0.1.1:81"])),
        (format!("{NLB}8"), target(&[])),
    ];
    LinkTargets::new(configured.into())
}

fn link(connection_id: &str, integration_target: Option<&str>) -> LinkUse {
    LinkUse { connection_id: connection_id.into(), integration_target: integration_target.map(Box::from) }
}

fn stage() -> Stage {
    let mut stage = Stage::new("s", "d", 0);
    stage.variables.insert("link".to_owned(), "v1".to_owned());
    stage
}

fn origin(port: u16) -> Origin {
    Origin::new(Scheme::Https, "backend.example", port, TlsVerify::Full)
}

#[test]
fn a_link_leads_to_the_addresses_of_its_load_balancer() {
    let targets = targets();
    for (link, dialled) in [
        (link("v1", None), vec![("10.0.0.1", 8080), ("10.0.0.2", 443)]),
        // A link of apigateway has a load balancer of its own.
        (link("v1", Some(ALB)), vec![("10.0.0.1", 8080), ("10.0.0.2", 443)]),
        (link("${stageVariables.link}", None), vec![("10.0.0.1", 8080), ("10.0.0.2", 443)]),
        (link("v2", Some(ALB)), vec![("10.0.1.1", 81)]),
        (link("v2", Some(LISTENER)), vec![("10.0.1.1", 81)]),
    ] {
        let way = targets.find(&link, &stage(), &source()).unwrap().way(&origin(443));
        assert_eq!(way.origins.iter().map(Origin::dialled).collect::<Vec<_>>(), dialled, "{link:?}");
        for origin in &way.origins {
            assert_eq!((origin.host(), origin.scheme()), ("backend.example", Scheme::Https));
            assert_eq!(origin.chosen_by(), ChosenBy::Operator);
        }
    }
}

#[test]
fn why_a_link_leads_nowhere() {
    let targets = targets();
    for (link, words) in [
        (link("none", None), "there is no VPC link none in account 000000000000 in eu-west-1"),
        (link("", None), "no VPC link's id"),
        (link("${stageVariables.none}", None), "no VPC link's id for connectionId ${stageVariables.none}"),
        (link("v2", None), "no integrationTarget"),
        (link("other", None), "none of account 000000000000"),
        (link("abroad", None), "none of account 000000000000 in eu-west-1"),
        (link("lambda", None), "none of account"),
        (link("v2", Some(&NLB.replace("000000000000", "111111111111"))), "none of account"),
        (link("v2", Some("nonsense")), "none of account"),
        (
            link("unmapped", None),
            "set link_targets.\"arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/net/n/19\"",
        ),
        (link("empty", None), "has no addresses: set link_targets."),
    ] {
        let reason = targets.find(&link, &stage(), &source()).err().unwrap();
        assert!(reason.contains(words), "{reason}");
    }
}

#[test]
fn more_addresses_than_a_balancer_holds_are_refused() {
    let addresses: Vec<String> = (0..=ADDRESSES_MAX).map(|at| format!("10.0.0.{at}:80")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let find = |count: usize| {
        let targets = LinkTargets::new([(NLB.to_owned(), target(&addresses[..count]))].into());
        targets.find(&link("v1", None), &stage(), &source()).err()
    };
    assert!(find(ADDRESSES_MAX + 1).unwrap().contains("can have 64"));
    assert_eq!(find(ADDRESSES_MAX), None);
}

#[test]
fn what_goes_the_same_way_shares_a_balancer_while_it_is_used() {
    let targets = targets();
    let (found, source, stage) = (link("v1", None), source(), stage());
    let linked = targets.find(&found, &stage, &source).unwrap();
    let [one, same, other] = [443, 443, 444].map(|port| linked.way(&origin(port)));
    assert!(Arc::ptr_eq(&one.balancer, &same.balancer));
    assert!(!Arc::ptr_eq(&one.balancer, &other.balancer), "an address without a port has the URI's");
    assert_eq!(targets.balancers().len(), 2);
    assert!(linked.balancer_of_any_host(Scheme::Http).is_none());
    drop((one, other));
    assert_eq!(targets.balancers().len(), 1);
    drop(same);
    assert!(targets.balancers().is_empty());

    let alb = link("v2", Some(ALB));
    let alb = targets.find(&alb, &stage, &source).unwrap();
    let [one, other] = [443, 444].map(|port| alb.way(&origin(port)));
    assert!(Arc::ptr_eq(&one.balancer, &other.balancer), "its address has a port of its own");
    assert!(Arc::ptr_eq(&one.balancer, &alb.balancer_of_any_host(Scheme::Https).unwrap()));
}
