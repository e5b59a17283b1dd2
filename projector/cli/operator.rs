//! Who gives an order, and what for: kept with it, so that nothing is changed silently.

use clap::Args;

/// Who gives an order, and what for
#[derive(Debug, Args)]
pub struct Operator {
    /// What for, in your words; kept with the order
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Who asks for it; kept with the order
    #[arg(long, env = "USER", default_value = "unknown", hide_env_values = true, value_name = "NAME")]
    pub by: String,
}
