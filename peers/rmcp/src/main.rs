//! A server whose tools give their text back. It checks what their type says and records nothing.
//! With the argument `raw` it reads and writes its pipes without the threads that stand between
//! them and standard input and output in the documentation's way.

use std::{env, error::Error, io, os::fd::AsFd as _};

use rmcp::{
    ServiceExt as _, handler::server::wrapper::Parameters, tool, tool_router, transport::stdio,
};
use tokio::net::unix::pipe;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Text {
    /// What is given back.
    text: String,
}

#[derive(Clone)]
struct Server;

#[tool_router(server_handler)]
impl Server {
    #[tool(description = "Give the text back.")]
    async fn echo(&self, Parameters(Text { text }): Parameters<Text>) -> String {
        text
    }

    /// What would be a write elsewhere; here it is the same.
    #[tool(description = "Give the text back, as a write.")]
    async fn put(&self, Parameters(Text { text }): Parameters<Text>) -> String {
        text
    }
}

fn raw() -> io::Result<(pipe::Receiver, pipe::Sender)> {
    let input = io::stdin().as_fd().try_clone_to_owned()?;
    let output = io::stdout().as_fd().try_clone_to_owned()?;
    Ok((
        pipe::Receiver::from_owned_fd(input)?,
        pipe::Sender::from_owned_fd(output)?,
    ))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("raw") {
        Server.serve(raw()?).await?.waiting().await?;
    } else {
        Server.serve(stdio()).await?.waiting().await?;
    }
    Ok(())
}
