//! Answers are kept for their time and for their identity, asked for once, and bounded.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::AtomicUsize;

use tokio::sync::oneshot;

use super::*;

const TTL: Duration = Duration::from_secs(300);

fn output(principal: &str) -> Arc<Output> {
    let text = format!(
        r#"{{"principalId":"{principal}","policyDocument":{{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*"}}}}}}"#
    );
    Arc::new(Output::parse(text.as_bytes()).unwrap())
}

/// Asks for one key and counts how often the question is really asked.
#[derive(Default)]
struct Bench {
    results: Results,
    asked: AtomicUsize,
}

impl Bench {
    async fn ask(&self, key: ResultKey, ttl: Duration, answered: Answered) -> Answered {
        let asking = async {
            self.asked.fetch_add(1, Ordering::Relaxed);
            answered
        };
        self.results.answer(key, ttl, asking).await
    }

    async fn principal(&self, key: ResultKey, would_be: &str) -> String {
        self.ask(key, TTL, Ok(output(would_be))).await.unwrap().principal_id.to_string()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_holds_for_its_time() {
    let bench = Bench::default();
    let key = ResultScope::default().key(["token"].into_iter());
    assert_eq!(bench.principal(key, "first").await, "first");
    tokio::time::advance(TTL - Duration::from_millis(1)).await;
    assert_eq!(bench.principal(key, "second").await, "first");
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(bench.principal(key, "third").await, "third");
    assert_eq!(bench.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_time_is_counted_from_the_question() {
    let bench = Bench::default();
    let key = ResultScope::default().key(["token"].into_iter());
    let slow = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok(output("slow"))
    };
    bench.results.answer(key, TTL, slow).await.unwrap();
    tokio::time::advance(TTL - Duration::from_secs(10)).await;
    assert_eq!(bench.principal(key, "next").await, "next");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_for_one_identity_under_one_scope() {
    let (one, other) = (ResultScope::default(), ResultScope::default());
    let lists: [&[&str]; 9] = [&[], &[""], &["", ""], &["a", "b"], &["ab"], &["a,b"], &["b", "a"], &["a", "b", ""], &["A", "b"]];
    let mut keys: Vec<ResultKey> = lists.iter().map(|values| one.key(values.iter().copied())).collect();
    keys.push(other.key(["a", "b"].into_iter()));
    let mut lengths = one.key(["a\0\0\0\0\0\0\0\u{1}b"].into_iter());
    keys.push(lengths);
    lengths.identity[0] ^= 1;
    keys.push(lengths);
    let bench = Bench::default();
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(bench.principal(*key, &number.to_string()).await, number.to_string());
    }
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(bench.principal(*key, "poison").await, number.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn failures_are_not_kept() {
    let bench = Bench::default();
    let key = ResultScope::default().key(["token"].into_iter());
    for fault in
        [AuthorizerFault::Unauthorized, AuthorizerFault::Configuration("x".to_owned()), AuthorizerFault::Failure("y".to_owned())]
    {
        assert_eq!(bench.ask(key, TTL, Err(fault.clone())).await.unwrap_err(), fault);
    }
    assert_eq!(bench.principal(key, "good").await, "good");
    assert_eq!(bench.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_at_once_is_asked_once() {
    let bench = Arc::new(Bench::default());
    let key = ResultScope::default().key(["token"].into_iter());
    let (tell, told) = oneshot::channel::<()>();
    let first = Arc::clone(&bench);
    let asking = tokio::spawn(async move {
        let asking = async {
            first.asked.fetch_add(1, Ordering::Relaxed);
            told.await.unwrap();
            Ok(output("asked"))
        };
        first.results.answer(key, TTL, asking).await
    });
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { bench.principal(key, "other").await })
        })
        .collect();
    tokio::task::yield_now().await;
    tell.send(()).unwrap();
    assert_eq!(&*asking.await.unwrap().unwrap().principal_id, "asked");
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), "asked");
    }
    assert_eq!(bench.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_by_those_who_wait_for_it() {
    let results = Arc::new(Results::default());
    let key = ResultScope::default().key(["token"].into_iter());
    let fails = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Err(AuthorizerFault::Failure("down".to_owned()))
    };
    let never = async { unreachable!("it is being asked already") };
    let (first, second) = tokio::join!(results.answer(key, TTL, fails), results.answer(key, TTL, never));
    assert_eq!((first.is_err(), second.is_err()), (true, true));
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_and_goes_away_fails_nobody_else() {
    let bench = Arc::new(Bench::default());
    let key = ResultScope::default().key(["token"].into_iter());
    let gone = Arc::clone(&bench);
    let asking = tokio::spawn(async move { gone.results.answer(key, TTL, std::future::pending()).await });
    tokio::task::yield_now().await;
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { bench.principal(key, "heir").await })
        })
        .collect();
    tokio::task::yield_now().await;
    asking.abort();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), "heir");
    }
    assert_eq!(bench.asked(), 1, "one of those who waited asked for all");
}

#[tokio::test(start_paused = true)]
async fn a_flush_forgets_also_what_is_being_asked_for() {
    let bench = Bench::default();
    let scope = ResultScope::default();
    let values = || ["token"].into_iter();
    assert_eq!(bench.principal(scope.key(values()), "old").await, "old");
    let late = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(output("late"))
    };
    let other = || ["other"].into_iter();
    let before = scope.key(other());
    let ((), answered) = tokio::join!(async { scope.flush() }, bench.results.answer(before, TTL, late));
    assert_eq!(&*answered.unwrap().principal_id, "late");
    assert_eq!(bench.principal(scope.key(values()), "new").await, "new");
    assert_eq!(bench.principal(scope.key(other()), "new").await, "new");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_bounded_and_the_coldest_goes() {
    let bytes = (RESULT_BYTES + output("0000").weight()) * 8 * SHARDS;
    let results = Results::within(bytes);
    let scope = ResultScope::default();
    let hot = scope.key(["hot"].into_iter());
    results.answer(hot, TTL, async { Ok(output("0000")) }).await.unwrap();
    for number in 1..2_000 {
        let key = scope.key([number.to_string().as_str()].into_iter());
        results.answer(key, TTL, async { Ok(output(&format!("{number:04}"))) }).await.unwrap();
        results.answer(hot, TTL, async { unreachable!("the hot one was evicted") }).await.unwrap();
    }
    let shards = results.shards.iter().map(|shard| shard.lock().unwrap());
    for shard in shards {
        assert!(shard.bytes <= results.shard_bytes_max && !shard.kept.is_empty());
        assert_eq!(shard.bytes, shard.kept.values().map(|kept| kept.bytes).sum::<usize>());
        assert!(shard.asked.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_larger_than_all_room_is_not_kept() {
    let results = Results::within(SHARDS);
    let key = ResultScope::default().key(["token"].into_iter());
    for _ in 0..2 {
        let mut asked = false;
        let asking = async {
            asked = true;
            Ok(output("x"))
        };
        results.answer(key, TTL, asking).await.unwrap();
        assert!(asked);
    }
}
