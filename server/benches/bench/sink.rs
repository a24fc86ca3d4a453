//! Postfix's mail server that counts mails and throws them away, and its counterpart that sends as fast as it can.

use super::Result;
use super::config::Config;
use super::server::free_port;
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// `smtp-sink`. It ends with this value.
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
            // It does not run as root.
            command.args(["-u", "nobody"]);
        }
        command.arg(format!("127.0.0.1:{port}")).arg("1024");
        command.stdin(Stdio::null()).stdout(File::create(&counters)?).stderr(Stdio::null());
        let mut sink = Self { child: command.spawn()?, port, counters };
        let from = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if sink.child.try_wait()?.is_some() || from.elapsed() > Duration::from_secs(5) {
                return Err("smtp-sink did not start".into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(sink)
    }

    /// How many mails it has taken: the last of `sess=8 quit=0 mesg=120`, which it writes over and over.
    pub fn mails(&self) -> Result<usize> {
        let counters = fs::read_to_string(&self.counters)?;
        let mails = counters.rsplit("mesg=").next().filter(|_| counters.contains("mesg="));
        Ok(mails.map_or(Ok(0), |mails| mails.trim().parse())?)
    }
}

/// Sends so many mails of this size over 8 kept connections, as ours does.
pub fn send(config: &Config, sink: &Sink, mails: usize, size: usize) -> Result<Duration> {
    let mut command = Command::new(config.smtp_bin_dir.join("smtp-source"));
    command.args(["-d", "-s", "8", "-m", &mails.to_string(), "-l", &size.to_string()]);
    let from = Instant::now();
    let output = command.arg(format!("127.0.0.1:{}", sink.port)).output()?;
    let took = from.elapsed();
    if output.status.success() { Ok(took) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
}

fn is_root() -> Result<bool> {
    let status = fs::read_to_string("/proc/self/status")?;
    Ok(status.lines().any(|line| line.starts_with("Uid:\t0\t")))
}
