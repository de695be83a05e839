//! A simulated gateway for tests that block, and a client of a few lines that knows only frames.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use algo_trader::simulator::{Pacing, Running, Settings, Simulator};

/// Friday, 20 November 2026, half an hour after the close.
pub(crate) const NOW: i64 = 1_795_210_200_000_000_000;

pub(crate) fn settings() -> Settings {
    Settings { seed: 7, now: Some(NOW), speed: 0.0, pacing: Pacing::Off, ..Settings::default() }
}

/// A simulator on its own runtime, so that the client may block.
pub(crate) struct Gateway {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) running: Option<Running>,
}

impl Gateway {
    pub(crate) fn new(settings: Settings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let running = Some(runtime.block_on(Simulator::start(settings)).unwrap());
        Self { runtime, running }
    }

    pub(crate) fn with(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|text| text.parse().unwrap()).collect();
        Self::new(Settings { faults, ..settings() })
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

/// A client that knows frames and a little protobuf.
pub(crate) struct Raw(pub(crate) TcpStream);

/// One message: its number and its fields.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) number: u32,
    pub(crate) fields: Vec<(u64, Vec<u8>)>,
}

impl Message {
    /// The first field of a number as text.
    pub(crate) fn text(&self, field: u64) -> String {
        let found = self.fields.iter().find(|(number, _)| *number == field);
        String::from_utf8_lossy(found.map_or(&[], |(_, bytes)| bytes)).into_owned()
    }

    /// The first field of a number as a whole number.
    pub(crate) fn number(&self, field: u64) -> Option<u64> {
        let bytes = &self.fields.iter().find(|(number, _)| *number == field)?.1;
        Some(varint(&mut bytes.as_slice()))
    }

    pub(crate) fn bars(&self) -> Vec<Message> {
        let bars = self.fields.iter().filter(|(number, _)| *number == 2);
        bars.map(|(_, bytes)| Message { number: 0, fields: fields(bytes) }).collect()
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Fields of a message; numbers stay as they travel.
pub(crate) fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let length = match key & 7 {
            0 => bytes.iter().position(|byte| *byte < 0x80).unwrap() + 1,
            1 => 8,
            2 => varint(&mut bytes) as usize,
            other => panic!("wire type {other}"),
        };
        fields.push((key >> 3, bytes[..length].to_vec()));
        bytes = &bytes[length..];
    }
    fields
}

/// The bytes of a field: text, or a number.
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(u64),
    Inner(Vec<u8>),
}

fn encoded(fields: &[(u64, Value<'_>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, value) in fields {
        let inner = match value {
            Value::Number(value) => {
                put_varint(&mut bytes, number << 3);
                put_varint(&mut bytes, *value);
                continue;
            }
            Value::Text(text) => text.as_bytes(),
            Value::Inner(inner) => inner,
        };
        put_varint(&mut bytes, number << 3 | 2);
        put_varint(&mut bytes, inner.len() as u64);
        bytes.extend(inner);
    }
    bytes
}

impl Raw {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        Self(stream)
    }

    /// Opens a session and reads until the last notice of the farms.
    pub(crate) fn open(address: SocketAddr, client_id: u64) -> (Self, Vec<Message>) {
        let mut client = Self::connect(address);
        assert!(client.greet("v213..226").starts_with("225\0"));
        client.send(271, &[(1, Value::Number(client_id))]);
        let mut said = Vec::new();
        while said.last().is_none_or(|it: &Message| it.number(3) != Some(2158)) {
            said.push(client.read().unwrap());
        }
        (client, said)
    }

    pub(crate) fn greet(&mut self, versions: &str) -> String {
        let mut bytes = b"API\0".to_vec();
        bytes.extend((versions.len() as u32).to_be_bytes());
        bytes.extend(versions.as_bytes());
        self.0.write_all(&bytes).unwrap();
        self.body().map(|body| String::from_utf8(body).unwrap()).unwrap_or_default()
    }

    pub(crate) fn send(&mut self, number: u32, fields: &[(u64, Value<'_>)]) {
        let body = encoded(fields);
        let mut bytes = (body.len() as u32 + 4).to_be_bytes().to_vec();
        bytes.extend(number.to_be_bytes());
        bytes.extend(body);
        self.0.write_all(&bytes).unwrap();
    }

    pub(crate) fn body(&mut self) -> std::io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length)?;
        let mut body = vec![0; u32::from_be_bytes(length) as usize];
        self.0.read_exact(&mut body)?;
        Ok(body)
    }

    pub(crate) fn read(&mut self) -> std::io::Result<Message> {
        let body = self.body()?;
        let number = u32::from_be_bytes([body[0], body[1], body[2], body[3]]) - 200;
        Ok(Message { number, fields: fields(&body[4..]) })
    }

    /// Whether the other side has ended the connection, or broken it off.
    pub(crate) fn has_ended(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }

    pub(crate) fn ask_bars(
        &mut self,
        id: u64,
        symbol: &str,
        bar_size: &str,
        duration: &str,
        end: &str,
    ) {
        let contract = encoded(&[
            (2, Value::Text(symbol)),
            (3, Value::Text("STK")),
            (8, Value::Text("SMART")),
            (10, Value::Text("USD")),
        ]);
        self.send(
            220,
            &[
                (1, Value::Number(id)),
                (2, Value::Inner(contract)),
                (3, Value::Text(end)),
                (4, Value::Text(bar_size)),
                (5, Value::Text(duration)),
                (6, Value::Number(1)),
                (7, Value::Text("TRADES")),
                (8, Value::Number(2)),
            ],
        );
    }
}
