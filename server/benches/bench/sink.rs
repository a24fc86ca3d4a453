//! Postfix's test programs: `smtp-sink` counts messages and discards them, `smtp-source` sends them as fast as it can.

use super::Result;
use super::config::Config;
use super::server::free_port;
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running `smtp-sink`, killed on drop.
pub struct Sink {
    child: Child,
    pub port: u16,
    counters: PathBuf,
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sink {
    pub fn start(config: &Config) -> Result<Self> {
        Self::with(config, &[])
    }

    fn with(config: &Config, options: &[&str]) -> Result<Self> {
        let (port, counters) = (free_port()?, config.scratch_dir.join("smtp-sink"));
        let mut command = Command::new(config.smtp_bin_dir.join("smtp-sink"));
        command.arg("-c").args(options);
        if is_root()? {
            // smtp-sink refuses to run as root.
            command.args(["-u", "nobody"]);
        }
        command.arg(format!("127.0.0.1:{port}")).arg("1024");
        command.stdin(Stdio::null()).stdout(File::create(&counters)?).stderr(Stdio::null());
        let mut sink = Self { child: command.spawn()?, port, counters };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if sink.child.try_wait()?.is_some() || start.elapsed() > Duration::from_secs(5) {
                return Err("smtp-sink did not start".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(sink)
    }

    /// The number of messages received so far. smtp-sink repeatedly writes `sess=8 quit=0 mesg=120`; the last one counts.
    pub fn received(&self) -> Result<usize> {
        let counters = fs::read_to_string(&self.counters)?;
        let received = counters.rsplit("mesg=").next().filter(|_| counters.contains("mesg="));
        Ok(received.map_or(Ok(0), |received| received.trim().parse())?)
    }
}

/// Sends messages of this size over 8 persistent connections, like our worker.
pub fn send(config: &Config, sink: &Sink, messages: usize, size: usize) -> Result<Duration> {
    let mut command = Command::new(config.smtp_bin_dir.join("smtp-source"));
    command.args(["-d", "-s", "8", "-m", &messages.to_string(), "-l", &size.to_string()]);
    let start = Instant::now();
    let output = command.arg(format!("127.0.0.1:{}", sink.port)).output()?;
    let elapsed = start.elapsed();
    if output.status.success() { Ok(elapsed) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
}

fn is_root() -> Result<bool> {
    let status = fs::read_to_string("/proc/self/status")?;
    Ok(status.lines().any(|line| line.starts_with("Uid:\t0\t")))
}
