//! Many at once.

use super::Result;
use super::http::Client;
use super::report::percentile;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, LocalSet};

/// How long a load lasts at most: what was not begun by then is left out, and the numbers are of what was.
const MOST: Duration = Duration::from_secs(20);

/// How long each piece took, and all of them.
pub struct Load {
    pub millis: Vec<f64>,
    took: Duration,
}

impl Load {
    pub fn p50(&self) -> f64 {
        percentile(&self.millis, 50)
    }

    /// How many pieces were done each second.
    pub fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.millis.len()).unwrap_or(u32::MAX)) / self.took.as_secs_f64()
    }
}

/// `clients` at once, each with a connection of its own, share `count` pieces of work, which are counted from 0.
pub async fn crowd<W>(address: SocketAddr, clients: usize, count: usize, work: W) -> Result<Load>
where
    W: AsyncFn(&mut Client, usize) -> Result<()> + 'static,
{
    let work = Rc::new(work);
    let began = Instant::now();
    let local = LocalSet::new();
    let mut crowd: JoinSet<Result<Vec<f64>>> = JoinSet::new();
    for client in 0..clients {
        let work = Rc::clone(&work);
        let one = async move {
            let (mut connection, mut millis) = (Client::new(address), Vec::new());
            for index in (client..count).step_by(clients) {
                if began.elapsed() > MOST {
                    break;
                }
                let from = Instant::now();
                work(&mut connection, index).await?;
                millis.push(from.elapsed().as_secs_f64() * 1000.0);
            }
            Ok(millis)
        };
        crowd.spawn_local_on(one, &local);
    }
    let gather = async {
        let mut all = Vec::with_capacity(count);
        while let Some(one) = crowd.join_next().await {
            all.extend(one??);
        }
        Result::<_>::Ok(all)
    };
    let millis = local.run_until(gather).await?;
    Ok(Load { millis, took: began.elapsed() })
}
