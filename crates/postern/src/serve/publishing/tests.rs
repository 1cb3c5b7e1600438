//! The ports over a real store and a data plane that only takes notes.

use std::collections::BTreeMap;

use postern_api_model::client_certificate::ClientCertificate;
use postern_api_model::ports::LinkEnd;
use postern_api_model::rest_api::{DeploymentSnapshot, RestApi};
use postern_api_model::vpc_link::{VpcLink, VpcLinkV2};
use postern_store::{OpenMode, SqliteStore, create, delete, replace, snapshot_id};
use serde_json::json;

use super::*;

#[derive(Default)]
struct Notes(Mutex<BTreeMap<String, u64>>);

impl DataPlane for Notes {
    fn publish(&self, source: ApiSource) -> Result<(), PublishError> {
        assert!(source.stages.values().all(|stage| source.deployments.contains_key(&stage.deployment_id)));
        self.0.lock().unwrap().insert(source.api_id, source.version);
        Ok(())
    }

    fn withdraw(&self, api_id: &str) {
        self.0.lock().unwrap().remove(api_id);
    }

    fn resident_version(&self, api_id: &str) -> Option<u64> {
        self.0.lock().unwrap().get(api_id).copied()
    }

    fn apis_naming_vpc_link(&self, link: Option<(&Scope, &str)>) -> Vec<String> {
        let names = link.is_none_or(|(of, id)| (of, id) == (&scope(), LINK));
        self.0.lock().unwrap().keys().filter(|_| names).cloned().collect()
    }
}

struct World {
    _directory: tempfile::TempDir,
    store: Arc<dyn Store>,
    notes: Arc<Notes>,
    served: Arc<Served>,
    publisher: Arc<StorePublisher>,
}

const API: &str = "abcdefghij";

async fn world() -> World {
    let directory = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(directory.path(), OpenMode::Serve).await.unwrap());
    let (notes, served) = (Arc::new(Notes::default()), Arc::new(Served::default()));
    let counters = Arc::new(Counters::new());
    let publisher = StorePublisher::new(Arc::clone(&store), Arc::clone(&notes) as _, Arc::clone(&served), counters);
    World { _directory: directory, store, notes, served, publisher: Arc::new(publisher) }
}

impl World {
    fn noted(&self) -> Option<u64> {
        self.notes.0.lock().unwrap().get(API).copied()
    }

    async fn write(&self, version: u64, stage: bool) {
        let (scope, api) = (scope(), api(stage));
        let writes = match version {
            1 => {
                let deployment_id = "dep123".to_owned();
                let definition = api.definition.clone();
                let snapshot = DeploymentSnapshot { api_id: API.to_owned(), deployment_id, scope: scope.clone(), definition };
                vec![create(&scope, API, &api).unwrap(), create(&scope, &snapshot_id(API, "dep123"), &snapshot).unwrap()]
            }
            _ => vec![replace(&scope, API, version - 1, &api).unwrap()],
        };
        self.store.commit(writes).await.unwrap();
    }

    async fn catch_up(&self, seq: u64) -> u64 {
        catch_up(&self.publisher, seq).await.unwrap()
    }
}

fn scope() -> Scope {
    Scope { account: "000000000000".to_owned(), region: "us-east-1".to_owned() }
}

fn api(stage: bool) -> RestApi {
    let mut value = json!({
        "id": API, "scope": scope(), "created": 0,
        "definition": {
            "name": "n", "api_key_source": "HEADER", "root_resource_id": "root",
            "endpoint_configuration": { "types": ["REGIONAL"], "ip_address_type": "ipv4" },
            "resources": { "root": { "id": "root", "path_part": "" } },
        },
    });
    if stage {
        value["stages"] = json!({ "prod": { "name": "prod", "deployment_id": "dep123", "created": 0, "last_updated": 0 } });
    }
    serde_json::from_value(value).unwrap()
}

#[tokio::test]
async fn publishing_follows_the_store() {
    let world = world().await;
    world.publisher.publish(API).await.unwrap();
    assert_eq!(world.noted(), None);
    world.write(1, false).await;
    world.publisher.publish(API).await.unwrap();
    assert_eq!(world.noted(), None, "nothing is served without a stage");
    world.write(2, true).await;
    world.publisher.publish(API).await.unwrap();
    assert_eq!(world.noted(), Some(2));
    world.store.commit(vec![delete::<RestApi>(&scope(), API, 2)]).await.unwrap();
    world.publisher.publish(API).await.unwrap();
    assert_eq!(world.noted(), None);
}

#[tokio::test]
async fn a_missing_deployment_is_an_error_that_names_it() {
    let world = world().await;
    world.store.commit(vec![create(&scope(), API, &api(true)).unwrap()]).await.unwrap();
    let error = world.publisher.publish(API).await.unwrap_err();
    assert!(error.to_string().contains("dep123"), "{error}");
    assert_eq!(world.publisher.counters.publications.read(), [("success", 0), ("failure", 1)]);
}

#[tokio::test]
async fn loading_reads_what_publishing_would() {
    let world = world().await;
    let loader = StoreLoader::new(Arc::clone(&world.store), Arc::clone(&world.served), Handle::current());
    assert!(loader.load(API).await.unwrap().is_none());
    world.write(1, true).await;
    assert_eq!(loader.load(API).await.unwrap().unwrap().version, 1);
}

#[tokio::test]
async fn changes_by_others_are_followed_for_apis_that_are_served() {
    let world = world().await;
    world.write(1, true).await;
    let seq = world.catch_up(0).await;
    assert_eq!(world.noted(), None, "nobody asked for it yet");

    let loader = StoreLoader::new(Arc::clone(&world.store), Arc::clone(&world.served), Handle::current());
    world.notes.publish(loader.load(API).await.unwrap().unwrap()).unwrap();
    world.write(2, true).await;
    let seq = world.catch_up(seq).await;
    assert_eq!(world.noted(), Some(2));

    world.write(3, true).await;
    world.publisher.publish(API).await.unwrap();
    let seq = world.catch_up(seq).await;
    assert_eq!(world.publisher.counters.publications.read(), [("success", 2), ("failure", 0)], "own changes are not repeated");

    world.write(4, false).await;
    world.catch_up(seq).await;
    assert_eq!(world.noted(), None);
}

#[tokio::test]
async fn after_a_gap_everything_served_is_compared() {
    let world = world().await;
    world.write(1, true).await;
    world.publisher.publish(API).await.unwrap();
    world.write(2, true).await;
    let seq = start_over(&world.publisher).await.unwrap();
    assert_eq!((world.noted(), seq), (Some(2), world.store.last_change().await.unwrap()));
}

const LINK: &str = "link01";

fn link_v2(id: &str) -> VpcLinkV2 {
    let (name, subnet_ids) = ("l".to_owned(), vec!["subnet-1".to_owned()]);
    VpcLinkV2 { id: id.to_owned(), name, security_group_ids: vec![], subnet_ids, created: 0, tags: Default::default() }
}

#[tokio::test]
async fn what_names_a_link_is_published_again_when_the_link_changes() {
    let world = world().await;
    world.write(1, true).await;
    world.publisher.publish(API).await.unwrap();
    let mut seq = world.catch_up(0).await;
    let elsewhere = Scope { region: "eu-west-1".to_owned(), ..scope() };
    for (write, published) in [
        (create(&scope(), LINK, &link_v2(LINK)).unwrap(), 2),
        (create(&scope(), "link02", &link_v2("link02")).unwrap(), 2),
        (create(&elsewhere, LINK, &link_v2(LINK)).unwrap(), 2),
        (delete::<VpcLinkV2>(&scope(), LINK, 1), 3),
    ] {
        world.store.commit(vec![write]).await.unwrap();
        seq = world.catch_up(seq).await;
        assert_eq!(world.publisher.counters.publications.read(), [("success", published), ("failure", 0)]);
    }
    start_over(&world.publisher).await.unwrap();
    assert_eq!(world.publisher.counters.publications.read()[0], ("success", 4));
}

#[tokio::test]
async fn what_an_api_names_comes_with_it_but_only_from_its_own_account_and_region() {
    let world = world().await;
    let load_balancer = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1";
    let through = |connection_id: &str| {
        json!({
            "http_method": "GET", "authorization_type": "NONE",
            "integration": {
                "kind": "HTTP_PROXY", "uri": "http://b/", "connection_type": "VPC_LINK", "connection_id": connection_id,
                "passthrough_behavior": "WHEN_NO_MATCH", "timeout_in_millis": 29_000, "cache_namespace": "n",
            },
        })
    };
    let mut api = serde_json::to_value(api(true)).unwrap();
    let methods =
        json!({ "GET": through("${stageVariables.l}"), "PUT": through(LINK), "POST": through("strang"), "HEAD": through("") });
    api["definition"]["resources"]["root"]["methods"] = methods;
    api["stages"]["prod"]["variables"] = json!({ "l": "linkv1" });
    api["stages"]["prod"]["client_certificate_id"] = json!("cert01");
    let api: RestApi = serde_json::from_value(api).unwrap();
    let snapshot = DeploymentSnapshot {
        api_id: API.to_owned(),
        deployment_id: "dep123".to_owned(),
        scope: scope(),
        definition: api.definition.clone(),
    };
    let first = VpcLink {
        id: "linkv1".to_owned(),
        name: "l".to_owned(),
        description: None,
        target_arns: vec![load_balancer.to_owned()],
        tags: Default::default(),
    };
    let certificate: ClientCertificate =
        serde_json::from_value(json!({ "id": "cert01", "pem": "P", "private_key": "K", "created": 0, "expires": 1 })).unwrap();
    let stranger = Scope { account: "111111111111".to_owned(), ..scope() };
    let writes = vec![
        create(&scope(), API, &api).unwrap(),
        create(&scope(), &snapshot_id(API, "dep123"), &snapshot).unwrap(),
        create(&scope(), LINK, &link_v2(LINK)).unwrap(),
        create(&scope(), "linkv1", &first).unwrap(),
        create(&scope(), "unused", &link_v2("unused")).unwrap(),
        create(&stranger, "strang", &link_v2("strang")).unwrap(),
        create(&scope(), "cert01", &certificate).unwrap(),
    ];
    world.store.commit(writes).await.unwrap();
    let references = source::read(world.store.as_ref(), API).await.unwrap().unwrap().references;
    let links = [(LINK.to_owned(), LinkEnd::Network), ("linkv1".to_owned(), LinkEnd::LoadBalancer(load_balancer.to_owned()))];
    assert_eq!(references.vpc_links, links.into());
    let shown = &references.client_certificates["cert01"];
    assert_eq!((shown.certificate.as_str(), shown.private_key.expose()), ("P", "K"));
    assert!(!format!("{references:?}").contains("\"K\""));
}
