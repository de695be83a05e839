//! Interactive Brokers behind the port: every question in its turn, over a connection that is up, and
//! again until it is answered or not worth it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ibapi::contracts::ContractDetails;
use tokio::{sync::OnceCell, time::sleep};

use super::{
    Answer, BarsRequest, Contract, Gateway, GatewayError, Hours, Settings, Unanswered, What,
    clock::Clock,
    connection::Connection,
    convert,
    pace::Ended,
    patience::{Next, Patience},
    policy::{Verdict, verdict},
    question::{Bars, Details, Head, Question},
    session::{NoAnswer, Session},
    turn::Turns,
    wire::End,
};

/// Notices have been taken after this time.
const SETTLED: Duration = Duration::from_millis(50);

type Shared = Arc<OnceCell<Result<Answer, Unanswered>>>;

/// The broker behind one or several connections.
pub(super) struct Broker {
    settings: Arc<Settings>,
    turns: Arc<Turns>,
    clock: Arc<Clock>,
    connections: OnceCell<Vec<Connection>>,
    next: AtomicUsize,
    /// Requests for bars that are being answered, so that a second identical one waits for the first.
    open: Mutex<HashMap<BarsRequest, Shared>>,
}

impl Broker {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            turns: Arc::new(Turns::new(&settings)),
            settings: Arc::new(settings),
            clock: Arc::default(),
            connections: OnceCell::new(),
            next: AtomicUsize::new(0),
            open: Mutex::default(),
        }
    }

    /// The connections, which begin with the first use.
    async fn connections(&self) -> &[Connection] {
        let begin = || async {
            let first = *self.settings.client_ids.start();
            let count = i32::try_from(self.settings.connections.max(1)).unwrap_or(1);
            let ids = (first..=*self.settings.client_ids.end()).take(count as usize);
            ids.map(|id| {
                let (settings, clock) = (Arc::clone(&self.settings), Arc::clone(&self.clock));
                Connection::begin(settings, id, clock, Arc::clone(&self.turns))
            })
            .collect()
        };
        self.connections.get_or_init(begin).await
    }

    /// A session that is up, the connections taking turns; one that has failed is left out.
    async fn session(&self) -> Result<Arc<Session>, GatewayError> {
        let connections = self.connections().await;
        let from = self.next.fetch_add(1, Ordering::Relaxed);
        let mut failed = None;
        for offset in 0..connections.len() {
            match connections[(from + offset) % connections.len()].session().await {
                Ok(session) => return Ok(session),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.expect("a range of client ids is not empty, so there is a connection"))
    }

    /// Puts a question until it is answered. `None` means that the broker has no such data.
    /// `patience` counts how often the question was put.
    async fn answer<Q: Question>(
        &self,
        question: &Q,
        patience: &mut Patience,
    ) -> Result<Option<Q::Reply>, GatewayError> {
        loop {
            // Waiting for a connection must not take a turn from others, and the turn may come late.
            self.session().await?;
            let turn = self.turns.next(&question.ask()).await;
            let session = self.session().await?;
            patience.attempts += 1;
            let progress = self.settings.limits.progress;
            let no_answer = match session.ask(question.put(&session.client), progress).await {
                Ok(reply) => {
                    turn.end(Ended::Answered);
                    return Ok(Some(reply));
                }
                Err(no_answer) => no_answer,
            };
            let (code, text) = match no_answer {
                NoAnswer::Broker { code, text } => (code, text),
                other => {
                    drop(turn);
                    self.unanswered(question, &session, patience, other).await?;
                    continue;
                }
            };
            if verdict(code, &text) == Verdict::UnknownSymbol {
                // A notice that a farm is away, sent just before, takes another way through here.
                sleep(SETTLED).await;
            }
            let farms = session.health().missing_farms();
            let told = (code, text.clone());
            let next = patience.told(question, told, &farms, &self.settings);
            turn.end(if matches!(next, Ok(Next::SlowDown) | Err(GatewayError::Pacing { .. })) {
                Ended::Complained
            } else {
                Ended::Answered
            });
            match next? {
                Next::NoData => return Ok(None),
                Next::SlowDown => {}
                Next::Wait(wait) => {
                    let seconds = wait.as_secs_f64().ceil();
                    let title = question.title();
                    tracing::warn!("{title}: error {code}: {text}; asking again in {seconds} s");
                    sleep(wait).await;
                }
                Next::Reconnect => {
                    patience.lost(&question.title(), &session.address)?;
                    session.wire().ends(End::Dropped(format!("error {code}: {text}")));
                }
            }
        }
    }

    /// Decides whether a question that got no answer is put again.
    async fn unanswered<Q: Question>(
        &self,
        question: &Q,
        session: &Session,
        patience: &mut Patience,
        why: NoAnswer,
    ) -> Result<(), GatewayError> {
        let title = question.title();
        match why {
            NoAnswer::Stalled => patience.stalled(title, self.settings.limits.progress),
            NoAnswer::Garbled(reason) => patience.garbled(title, reason),
            NoAnswer::Ended => {
                patience.lost(&title, &session.address)?;
                // The relay knows of the end a moment later than the library.
                let ended = tokio::time::timeout(Duration::from_secs(1), session.wire().ended());
                match ended.await {
                    Ok(End::TooLarge(_)) => patience.too_large(title),
                    _ => Ok(()),
                }
            }
            NoAnswer::TooLarge => patience.too_large(title),
            NoAnswer::Forgotten => patience.lost(&title, &session.address),
            NoAnswer::UnknownZone(zone) => {
                // It is the zone of the window's bounds, which nobody here reads.
                patience.garbled(title, format!("the time zone '{zone}' is not known"))?;
                ibapi::register_timezone_alias(zone, "UTC");
                Ok(())
            }
            NoAnswer::Broker { .. } => Ok(()),
        }
    }

    async fn bars_alone(&self, request: &BarsRequest) -> Result<Answer, Unanswered> {
        let (question, mut patience) = (Bars(request), Patience::default());
        let data = self.answer(&question, &mut patience).await;
        let attempts = patience.attempts;
        let given_up = |error| Unanswered { error, attempts };
        let bars = data.map_err(given_up)?;
        let bars = bars.map(|data| data.bars.iter().map(convert::bar).collect());
        match bars.transpose() {
            Ok(bars) => Ok(Answer { bars: bars.unwrap_or_default(), attempts }),
            Err(reason) => Err(given_up(GatewayError::Garbled { what: question.title(), reason })),
        }
    }
}

#[async_trait]
impl Gateway for Broker {
    async fn contract(&self, asked: &Contract) -> Result<Contract, GatewayError> {
        let found = self.answer(&Details(asked), &mut Patience::default()).await?;
        choose(asked, &found.unwrap_or_default())
    }

    async fn head(
        &self,
        contract: &Contract,
        what: What,
        hours: Hours,
    ) -> Result<Option<i64>, GatewayError> {
        let question = Head { contract, what, hours };
        let head = self.answer(&question, &mut Patience::default()).await?;
        match head.map(convert::nanoseconds) {
            None => Ok(None),
            Some(Some(ns)) => Ok(Some(ns)),
            Some(None) => Err(GatewayError::Garbled {
                what: question.title(),
                reason: "it is outside of the years 1677 to 2262".to_owned(),
            }),
        }
    }

    async fn bars(&self, request: &BarsRequest) -> Result<Answer, Unanswered> {
        let shared = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(open.entry(request.clone()).or_default())
        };
        // When the first of several is dropped, the next takes the request over.
        let answer = shared.get_or_init(|| self.bars_alone(request)).await.clone();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.get(request).is_some_and(|now| Arc::ptr_eq(now, &shared)) {
            open.remove(request);
        }
        answer
    }

    async fn now(&self) -> Result<i64, GatewayError> {
        if let Some(now) = self.clock.now() {
            return Ok(now);
        }
        let session = self.session().await?;
        let told = self.clock.told(self.settings.limits.heartbeat_answer).await;
        told.ok_or_else(|| GatewayError::Silent {
            address: session.address.clone(),
            stage: "when asked for the time",
        })
    }

    async fn close(&self) {
        for connection in self.connections.get().into_iter().flatten() {
            connection.close().await;
        }
    }
}

/// The one instrument that was meant.
fn choose(asked: &Contract, found: &[ContractDetails]) -> Result<Contract, GatewayError> {
    let mut known: Vec<Contract> =
        found.iter().map(|found| convert::known_contract(asked, found)).collect();
    known.sort_by_key(|contract| contract.id);
    known.dedup_by_key(|contract| contract.id);
    let meant = |contract: &&Contract| contract.primary_exchange == asked.primary_exchange;
    let exact: Vec<&Contract> = known.iter().filter(meant).collect();
    match (known.as_slice(), exact.as_slice()) {
        ([], _) => Err(GatewayError::UnknownSymbol {
            symbol: asked.symbol.clone(),
            text: "an empty answer".to_owned(),
        }),
        ([one], _) => Ok(one.clone()),
        (_, [one]) if !asked.primary_exchange.is_empty() => Ok((*one).clone()),
        (several, _) => Err(GatewayError::AmbiguousSymbol {
            symbol: asked.symbol.clone(),
            found: several
                .iter()
                .map(|one| format!("{} {} ({})", one.primary_exchange, one.currency, one.name))
                .collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(id: i32, primary: &str) -> ContractDetails {
        let mut details = ContractDetails::default();
        details.contract.contract_id = id;
        details.contract.symbol = "ABC".into();
        details.contract.primary_exchange = primary.into();
        details.contract.currency = "USD".into();
        details.long_name = format!("{primary} ABC");
        details
    }

    #[test]
    fn one_instrument_is_chosen_by_its_exchange_and_several_are_named() {
        let asked = Contract::us_stock("ABC");
        let two = [details(2, "NYSE"), details(1, "NASDAQ"), details(2, "NYSE")];
        assert_eq!(choose(&asked, &two[..1]).unwrap().id, 2);
        let named = choose(&asked, &two).unwrap_err().to_string();
        assert!(named.contains("NASDAQ USD (NASDAQ ABC); NYSE USD (NYSE ABC)"), "{named}");
        let by_exchange = Contract { primary_exchange: "NYSE".to_owned(), ..asked.clone() };
        assert_eq!(choose(&by_exchange, &two).unwrap().id, 2);
        let none = choose(&asked, &[]).unwrap_err();
        assert!(matches!(none, GatewayError::UnknownSymbol { .. }), "{none}");
    }
}
