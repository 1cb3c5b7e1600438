//! The ports over a real store and a data plane that only takes notes.

use std::collections::BTreeMap;

use postern_api_model::rest_api::{DeploymentSnapshot, RestApi};
use postern_api_model::scope::Scope;
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
