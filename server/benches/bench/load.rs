//! Load generation: concurrent clients that share a number of requests.

use super::Result;
use super::http::Client;
use super::report::percentile;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, LocalSet};

/// Longest duration of a load. Work that has not started by then is skipped; the results cover what was done.
const MAX_DURATION: Duration = Duration::from_secs(20);

/// The durations measured under load.
pub struct Load {
    /// The duration of each unit of work.
    pub millis: Vec<f64>,
    /// The total duration.
    elapsed: Duration,
}

impl Load {
    pub fn p50(&self) -> f64 {
        percentile(&self.millis, 50)
    }

    /// Units of work per second.
    pub fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.millis.len()).unwrap_or(u32::MAX)) / self.elapsed.as_secs_f64()
    }
}

/// Shares `count` units of work, numbered from 0, among concurrent `clients`, each with its own connection.
pub async fn run_clients<W>(address: SocketAddr, clients: usize, count: usize, work: W) -> Result<Load>
where
    W: AsyncFn(&mut Client, usize) -> Result<()> + 'static,
{
    let work = Rc::new(work);
    let start = Instant::now();
    let local = LocalSet::new();
    let mut tasks: JoinSet<Result<Vec<f64>>> = JoinSet::new();
    for client in 0..clients {
        let work = Rc::clone(&work);
        let task = async move {
            let (mut connection, mut millis) = (Client::new(address), Vec::new());
            for index in (client..count).step_by(clients) {
                if start.elapsed() > MAX_DURATION {
                    break;
                }
                let work_start = Instant::now();
                work(&mut connection, index).await?;
                millis.push(work_start.elapsed().as_secs_f64() * 1000.0);
            }
            Ok(millis)
        };
        tasks.spawn_local_on(task, &local);
    }
    let collect = async {
        let mut all = Vec::with_capacity(count);
        while let Some(millis) = tasks.join_next().await {
            all.extend(millis??);
        }
        Result::<_>::Ok(all)
    };
    let millis = local.run_until(collect).await?;
    Ok(Load { millis, elapsed: start.elapsed() })
}
