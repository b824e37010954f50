//! Corten: jobs of the configuration, whose time never comes, are started through the API. A job that ended gives its
//! network back and has its container removed, so each start makes all of it anew, as `run --rm` does elsewhere.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::api::Api;
use crate::console::{self, Cell, says};
use crate::fault::Fault;
use crate::memory;
use crate::{Load, PAUSE, SETTLE, WARM_UP};

/// Prints when this program began, in milliseconds since the kernel did, and stays.
pub(crate) fn stay(begun: u64) -> ExitCode {
    println!("{begun}");
    loop {
        std::thread::park();
    }
}

fn block_on(work: impl Future<Output = Result<(), Fault>>) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Fault::io("starting"))?.block_on(work)
}

/// Hands on what the container of the first boot printed.
pub(crate) fn relay() -> Result<(), Fault> {
    block_on(async {
        let line = Api::connect().await?.output("first").await?.next().await?;
        let begun = line.text.trim().parse();
        let begun: u32 =
            begun.map_err(|_| Fault::Odd(format!("the first container says {:?}", line.text)))?;
        console::figure(Cell { system: "corten", what: "first" }, begun.into())
    })
}

/// Everything on Corten.
pub(crate) fn measure(load: Load) -> Result<(), Fault> {
    block_on(async {
        let api = Api::connect().await?;
        tokio::time::sleep(SETTLE).await;
        one_by_one(&api, load).await?;
        tokio::time::sleep(SETTLE).await;
        at_once(&api, load).await?;
        tokio::time::sleep(SETTLE).await;
        idle(&api, load).await
    })
}

fn cell(what: &'static str) -> Cell {
    Cell { system: "corten", what }
}

/// Workloads whose containers print a byte and end.
const SINGLE: [(&str, &str); 2] = [("alone", "start-none"), ("bridged", "start-bridge")];

async fn one_by_one(api: &Api, load: Load) -> Result<(), Fault> {
    let mut output = api.output("").await?;
    let mut times = SINGLE.map(|_| Vec::with_capacity(load.starts));
    for round in 0..WARM_UP + load.starts {
        console::says_round(round, load)?;
        for ((name, _), times) in SINGLE.iter().zip(&mut times) {
            api.are(&[(*name).to_owned()], "scheduled").await?;
            tokio::time::sleep(PAUSE).await;
            let begun = Instant::now();
            api.start(name).await?;
            let line = output.next().await?;
            let took = begun.elapsed();
            if line.container.split('/').next() != Some(name) {
                return Err(Fault::Odd(format!("{name} was started, and {} prints", line.container)));
            }
            if round >= WARM_UP {
                times.push(took);
            }
        }
    }
    for ((_, what), times) in SINGLE.iter().zip(&times) {
        console::times(cell(what), times)?;
    }
    Ok(())
}

fn crowd(prefix: &str, load: Load) -> Vec<String> {
    (0..load.crowd).map(|number| format!("{prefix}-{number}")).collect()
}

/// Starts all, and waits until all have printed.
async fn start_all(api: &Api, names: &[String]) -> Result<Duration, Fault> {
    api.are(names, "scheduled").await?;
    let mut output = api.output("").await?;
    let begun = Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    for name in names {
        let (api, name) = (api.clone(), name.clone());
        calls.spawn(async move { api.start(&name).await });
    }
    let mut missing: std::collections::BTreeSet<&str> = names.iter().map(String::as_str).collect();
    while !missing.is_empty() {
        // Lines from before are read too.
        let line = output.next().await?;
        missing.remove(line.container.split('/').next().unwrap_or_default());
    }
    let took = begun.elapsed();
    while let Some(call) = calls.join_next().await {
        call.map_err(|error| Fault::Odd(error.to_string()))??;
    }
    Ok(took)
}

async fn at_once(api: &Api, load: Load) -> Result<(), Fault> {
    says("starts at once")?;
    let names = crowd("crowd", load);
    let took = start_all(api, &names).await?;
    api.are(&names, "scheduled").await?;
    console::times(cell("crowd"), &[took])
}

async fn idle(api: &Api, load: Load) -> Result<(), Fault> {
    says("idle containers")?;
    let before = memory::in_use()?;
    start_all(api, &crowd("idle", load)).await?;
    tokio::time::sleep(SETTLE).await;
    let grown = memory::in_use()?.saturating_sub(before);
    console::figure(cell("idle"), u128::from(grown) / load.crowd.max(1) as u128)
}
