//! Talking to ClickHouse: every call with a time limit, and every error sorted by what can be done about it.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use clickhouse::{Client, RowOwned, RowRead};
use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::{self, Runtime};
use tokio::time::timeout;

use super::problem::Problem;
use crate::config::{ClickHousePlace, Tls};
use crate::fault::Fault;

/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long a list may take, on the server and with the way there and back.
const SELECTING: Duration = Duration::from_secs(20);
/// How long a body may take to be stored: it takes a second or so. Who has given up on a write relies on it being over soon.
const INSERTING: Duration = Duration::from_secs(30);
/// How long a table may take to be made or dropped, on all servers of a cluster.
const CHANGING: Duration = Duration::from_secs(120);
/// How much longer we wait than the server is told to work, so that it can say itself what was too slow.
const GRACE: Duration = Duration::from_secs(5);
/// How long an idle connection is kept: less than servers of any version do.
const IDLE: Duration = Duration::from_secs(2);

/// A database in ClickHouse.
pub struct Server {
    client: Client,
    place: String,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

/// A statement that is asked something, with what is not part of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The statement, with a place like `{p0:String}` for each parameter.
    pub text: String,
    /// The parameters, by number.
    pub parameters: Vec<String>,
}

// === impl Server ===

impl Server {
    /// The database of this place; connected to when it is first asked.
    pub fn new(place: &ClickHousePlace) -> Result<Server, Fault> {
        let shown = place.url.to_string();
        let unfit = |reason| Fault::Unfit { place: shown.clone(), reason };
        let client = client(place).map_err(unfit)?;
        let mut builder = runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("clickhouse").enable_all().build();
        let runtime = runtime.map_err(|error| unfit(format!("no runtime starts: {error}")))?;
        Ok(Server { client, place: shown, runtime: Some(runtime) })
    }

    /// Asks for rows.
    pub fn ask<T: RowOwned + RowRead>(&self, operation: &'static str, question: &Question) -> Result<Vec<T>, Fault> {
        let query = self.client.query_raw(&question.text).with_setting("max_execution_time", seconds(SELECTING));
        let numbered = question.parameters.iter().enumerate();
        let query = numbered.fold(query, |query, (number, value)| query.param(&format!("p{number}"), value));
        self.complete(operation, SELECTING + GRACE, query.fetch_all())
    }

    /// Changes what tables there are.
    pub fn change(&self, operation: &'static str, statement: &str) -> Result<(), Fault> {
        let query = self.client.query_raw(statement).with_setting("distributed_ddl_task_timeout", seconds(CHANGING));
        self.complete(operation, CHANGING + GRACE, query.execute())
    }

    /// Sends rows in one body; what it answered for is stored.
    pub fn insert(&self, operation: &'static str, statement: String, body: Vec<u8>) -> Result<(), Fault> {
        let insert = async {
            let limited = self.client.clone().with_setting("max_execution_time", seconds(INSERTING));
            let mut insert = limited.insert_formatted_with(statement);
            insert.send(body.into()).await?;
            insert.end().await
        };
        self.complete(operation, INSERTING + GRACE, insert)
    }

    /// Something that was stored and is gone.
    pub fn lost(&self, what: impl Into<String>) -> Fault {
        Fault::Lost { place: self.place.clone(), what: what.into() }
    }

    /// Something that somebody has to change.
    pub fn unfit(&self, reason: impl Into<String>) -> Fault {
        Fault::Unfit { place: self.place.clone(), reason: reason.into() }
    }

    /// Something stored that cannot be read.
    pub fn damaged(&self, reason: impl Into<String>) -> Fault {
        Fault::Damaged { place: self.place.clone(), reason: reason.into() }
    }

    /// Something that is not so now, and may be later.
    pub fn unavailable(&self, operation: &'static str, reason: impl Into<String>) -> Fault {
        Fault::Unavailable { operation, place: self.place.clone(), source: reason.into().into() }
    }

    fn complete<T>(
        &self,
        operation: &'static str,
        limit: Duration,
        work: impl Future<Output = clickhouse::error::Result<T>>,
    ) -> Result<T, Fault> {
        let Some(runtime) = &self.runtime else { return Err(self.unavailable(operation, "it is closed")) };
        let outcome = runtime.block_on(async { timeout(limit, work).await });
        let problem = match outcome {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => Problem::of(error),
            Err(_) => Problem::Late(limit),
        };
        Err(problem.into_fault(operation, &self.place))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Where it is dropped may be a place that must not block.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn seconds(duration: Duration) -> String {
    duration.as_secs().to_string()
}

/// The client, or why there can be none. Nothing is connected.
fn client(place: &ClickHousePlace) -> Result<Client, String> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECTING));
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls(place)?).https_or_http().enable_http1().wrap_connector(connector);
    let http = HttpClient::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector);
    let client = Client::with_http_client(http)
        .with_url(place.url.server())
        .with_database(place.url.database())
        .with_product_info("projector", env!("CARGO_PKG_VERSION"))
        // What is answered for must be stored, and a column that the table lacks must not vanish.
        .with_setting("async_insert", "0")
        .with_setting("input_format_skip_unknown_fields", "0");
    let client = place.user.iter().fold(client, |client, user| client.with_user(user));
    Ok(place.password.iter().fold(client, |client, password| client.with_password(password.reveal())))
}

fn tls(place: &ClickHousePlace) -> Result<ClientConfig, String> {
    // It fails where there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = ClientConfig::builder();
    let config = match &place.tls.authority {
        _ if !place.url.is_encrypted() => config.with_root_certificates(RootCertStore::empty()),
        Some(authority) => config.with_root_certificates(authorities(authority)?),
        None => config.with_native_roots().map_err(|error| format!("the system has no authorities to trust: {error}"))?,
    };
    identified(config, &place.tls)
}

fn identified(
    config: rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>,
    tls: &Tls,
) -> Result<ClientConfig, String> {
    let Some((certificate, key)) = &tls.identity else { return Ok(config.with_no_client_auth()) };
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("cannot read {}: {error}", key.display()))?;
    config.with_client_auth_cert(certificates(certificate)?, key).map_err(|error| error.to_string())
}

fn authorities(file: &Path) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(file)? {
        store.add(certificate).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(store)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", file.display());
    let reader = BufReader::new(File::open(file).map_err(|error| shown(&error))?);
    CertificateDer::pem_reader_iter(reader).collect::<Result<_, _>>().map_err(|error| shown(&error))
}
