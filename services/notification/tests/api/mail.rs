//! A mail server that keeps what it gets, and refuses when told to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// One mail as it arrived.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    /// Headers and body as sent.
    pub raw: String,
}

impl Mail {
    pub fn header(&self, name: &str) -> String {
        let (headers, _) = self.raw.split_once("\r\n\r\n").unwrap();
        let unfolded = headers.replace("\r\n ", " ");
        let found = unfolded.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap_or_default().to_owned()
    }

    /// The body, decoded.
    pub fn body(&self) -> String {
        let (_, body) = self.raw.split_once("\r\n\r\n").unwrap();
        match self.header("Content-Transfer-Encoding").as_str() {
            "base64" => {
                let bytes = STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap();
                String::from_utf8(bytes).unwrap().replace("\r\n", "\n").trim_end().to_owned()
            }
            "7bit" => body.replace("\r\n", "\n").trim_end().to_owned(),
            other => panic!("an encoding that no test expects: {other}"),
        }
    }
}

#[derive(Debug, Default)]
struct Kept {
    mails: Vec<Mail>,
    /// Answers to the next recipients, before the server is kind again.
    refusals: VecDeque<String>,
}

/// The server; it ends with the test.
#[derive(Debug, Clone)]
pub struct MailServer {
    pub url: String,
    kept: Arc<Mutex<Kept>>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let kept = Arc::new(Mutex::new(Kept::default()));
        let server = Self { url, kept: Arc::clone(&kept) };
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(talk(socket, Arc::clone(&kept)));
            }
        });
        server
    }

    /// The next recipient is answered with this.
    pub fn refuse(&self, answer: &str) {
        self.kept.lock().unwrap().refusals.push_back(answer.to_owned());
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.kept.lock().unwrap().mails.clone()
    }
}

async fn talk(socket: TcpStream, kept: Arc<Mutex<Kept>>) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    socket.write_all(b"220 mail.example.cn\r\n").await?;
    let mut to = String::new();
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.split([' ', '\r']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-mail.example.cn\r\n250 8BITMIME".to_owned(),
            "RCPT" => {
                to = line.trim().trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                let refusal = kept.lock().unwrap().refusals.pop_front();
                refusal.unwrap_or_else(|| "250 2.1.5 Ok".to_owned())
            }
            "DATA" => {
                socket.write_all(b"354 go on\r\n").await?;
                let mut raw = String::new();
                while !raw.ends_with("\r\n.\r\n") {
                    socket.read_line(&mut raw).await?;
                }
                let mut kept = kept.lock().unwrap();
                kept.mails.push(Mail { to: to.clone(), raw: raw.trim_end_matches("\r\n.\r\n").to_owned() });
                format!("250 2.0.0 Ok: queued as {}", kept.mails.len())
            }
            "QUIT" => {
                socket.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 2.0.0 Ok".to_owned(),
        };
        socket.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}
