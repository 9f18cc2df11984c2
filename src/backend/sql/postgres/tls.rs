//! What goes to another host goes by TLS, and only to whom a certificate vouches for under the name
//! of that host. There is no weaker way, and none that begins with TLS and goes on without.

use std::{
    error::Error as _,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use postgres::{
    CancelToken, Socket,
    config::SslMode,
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        self, CertificateError, ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};

use crate::catalog::surroundings::{Host, ServerAddress};

/// How connections to a server are made.
#[derive(Clone)]
pub(super) enum Wire {
    /// As it is: they do not leave this machine.
    Here,
    /// By TLS.
    Tls(TlsConnector),
}

impl Wire {
    /// # Errors
    /// When there can be no TLS at all.
    pub(super) fn to(at: &ServerAddress) -> Result<Self, rustls::Error> {
        match at {
            ServerAddress::Socket(_) | ServerAddress::Loopback(_) => Ok(Self::Here),
            ServerAddress::Elsewhere(host) => {
                let provider = Arc::new(ring::default_provider());
                let config = ClientConfig::builder_with_provider(provider)
                    .with_safe_default_protocol_versions()?
                    .with_root_certificates(roots(host))
                    .with_no_client_auth();
                Ok(Self::Tls(TlsConnector::from(Arc::new(config))))
            }
        }
    }

    /// What the client is told. It has no mode that looks at certificates: [`Handshake`] does.
    pub(super) fn mode(&self) -> SslMode {
        match self {
            Self::Here => SslMode::Disable,
            Self::Tls(_) => SslMode::Require,
        }
    }
}

/// Who may vouch for the host.
fn roots(host: &Host) -> RootCertStore {
    let mut store = RootCertStore::empty();
    match &host.roots {
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(roots) => {
            let roots = roots.iter().map(|der| CertificateDer::from(der.as_slice()));
            // One that cannot be read vouches for nobody.
            let _counts = store.add_parsable_certificates(roots);
        }
    }
    store
}

impl MakeTlsConnect<Socket> for Wire {
    type Stream = Encrypted;
    type TlsConnect = Handshake;
    type Error = Unsafe;

    fn make_tls_connect(&mut self, name: &str) -> Result<Handshake, Unsafe> {
        Ok(Handshake {
            wire: self.clone(),
            name: name.to_owned(),
        })
    }
}

/// One that is to be agreed on with whoever is called `name`.
pub(super) struct Handshake {
    wire: Wire,
    name: String,
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Encrypted;
    type Error = Unsafe;
    type Future = Pin<Box<dyn Future<Output = Result<Encrypted, Unsafe>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let Wire::Tls(connector) = self.wire else {
                return Err(Unsafe(io::ErrorKind::Unsupported.into()));
            };
            let name = ServerName::try_from(self.name);
            let name = name.map_err(|error| Unsafe(io::Error::other(error)))?;
            let stream = connector.connect(name, socket).await.map_err(Unsafe)?;
            Ok(Encrypted(Box::new(stream)))
        })
    }
}

/// A handshake that failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Unsafe(io::Error);

/// What is sent by TLS.
pub(super) struct Encrypted(Box<TlsStream<Socket>>);

impl postgres::tls::TlsStream for Encrypted {
    /// None is offered: the certificate is held to the name of the host already, and a role that
    /// proves its password without it does so to a server that somebody vouches for.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// Tells a server to end what runs on one connection, over a connection like that one.
#[derive(Clone)]
pub(super) struct Stop {
    pub(super) token: CancelToken,
    pub(super) wire: Wire,
}

impl Stop {
    /// Tells it once. Whether it has heard is seen by what becomes of the statement.
    pub(super) fn tell(self) {
        let _untold = self.token.cancel_query(self.wire);
    }
}

/// What was wrong with the other side, and what to do, for the operator; `None` where a connection
/// failed for another reason.
pub(super) fn unsafe_side(error: &postgres::Error) -> Option<String> {
    let source = error.source()?;
    if let Some(Unsafe(found)) = source.downcast_ref() {
        // A connection that broke in the handshake says nothing of the other side.
        let inner = found.get_ref()?;
        let why = inner.downcast_ref::<rustls::Error>()?;
        return Some(format!("{why} ({})", what_to_do(why)));
    }
    // The client has no type for it.
    (source.to_string() == "server does not support TLS").then(|| {
        "the server speaks no TLS (set `ssl = on` there; nothing goes over a network without)"
            .to_owned()
    })
}

fn what_to_do(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "name the certificate of who vouches for it as `ca`"
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "write a name that stands in its certificate as `host`",
        rustls::Error::InvalidCertificate(_) => "have its certificate made anew",
        _ => "see whether it is the server that is meant, and which TLS it speaks",
    }
}
