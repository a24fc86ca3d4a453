//! The measured server: the release build, run as an operator runs it.

use super::Result;
use super::config::Config;
use super::database::Database;
use super::http::{Client, get, post_server_fn};
use super::program::{command, run_subcommand};
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const STARTUP_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the server sends email.
#[derive(Clone, Copy)]
pub enum MailTarget {
    /// A port without a listener, so that delivery does not disturb the measurement.
    Unreachable,
    /// The in-memory mailbox, shown at `/dev/mail`.
    InMemory,
    /// An SMTP server on this port of the loopback address.
    Smtp(u16),
}

/// A running server, which is killed on drop.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process until it was ready.
    pub startup_time: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A free port of the loopback address.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

impl Server {
    pub async fn start(config: &Config, database: &Database, mail: MailTarget) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut command = command(config, &database.url);
        command.arg("serve").env("LISTEN", address.to_string()).env("BASE_URL", format!("http://{address}"));
        let smtp = match mail {
            MailTarget::Unreachable => Some(free_port()?),
            MailTarget::InMemory => None,
            MailTarget::Smtp(port) => Some(port),
        };
        if let Some(port) = smtp {
            command.env("SMTP_URL", format!("smtp://127.0.0.1:{port}?tls=none"));
        }
        let log = config.scratch_dir.join("server.log");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let start = Instant::now();
        let mut server = Self { child: command.spawn()?, address, startup_time: Duration::ZERO };
        while !server.is_ready().await {
            if server.child.try_wait()?.is_some() || start.elapsed() > STARTUP_TIMEOUT {
                return Err(format!("the server did not become ready: {}", fs::read_to_string(&log)?).into());
            }
            sleep(Duration::from_millis(1)).await;
        }
        server.startup_time = start.elapsed();
        Ok(server)
    }

    async fn is_ready(&self) -> bool {
        let response = Client::new(self.address).send(&get("/health/ready", "")).await;
        response.is_ok_and(|response| response.status == 200)
    }

    /// Signs a user in with a link from the command line, and returns the session cookie.
    pub async fn sign_in(
        &self,
        config: &Config,
        database: &Database,
        slug: &str,
        email: &str,
    ) -> Result<String> {
        let link = run_subcommand(
            config,
            &database.url,
            &["sign-in-link", "--organization", slug, "--email", email],
        )?;
        let path = link.find("/o/").map(|start| &link[start..]).ok_or("no link was printed")?;
        let mut client = Client::new(self.address);
        let opened = client.send(&get(path, "")).await?.expect_status(303)?;
        let link_cookie = opened.cookie(&format!("sign-in-{slug}")).ok_or("the link set no cookie")?;
        let signed_in =
            client.send(&post_server_fn("/api/sign_in/by_link", &link_cookie, &[("org", slug)])).await?;
        Ok(signed_in.cookie(&format!("session-{slug}")).ok_or("the session cookie is missing")?)
    }

    /// The resident set size in MiB: now, and the peak since [`reset_peak_memory`](Self::reset_peak_memory).
    pub fn memory(&self) -> Result<(f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| -> Result<f64> {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .ok_or("missing in /proc/PID/status")?;
            let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
            Ok(kib / 1024.0)
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// Restarts the measurement of peak memory (`clear_refs` in proc(5)).
    pub fn reset_peak_memory(&self) -> Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }
}
