//! A server whose tools give their text back. It checks what their type says and records nothing.

use rmcp::{
    ServiceExt as _, handler::server::wrapper::Parameters, tool, tool_router, transport::stdio,
};

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

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    Server.serve(stdio()).await?.waiting().await?;
    Ok(())
}
