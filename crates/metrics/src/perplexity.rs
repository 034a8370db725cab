//! Perplexity: how many equally likely tokens the model hesitates between, on average.
//!
//! `perplexity = exp(mean of -ln p(token | what came before))`, from one number of nats per token (Jelinek, Mercer,
//! Bahl & Baker 1977). It is comparable between models only where they divide text into the same tokens.

use crate::check;
use crate::error::MetricError;
use crate::loss::mean_loss;

/// The perplexity of tokens whose losses are `nats`, in `[1, inf)`; 1 if every token was certain.
///
/// The mean is over tokens: of texts, pass the tokens of all of them and not the texts' means.
///
/// # Shapes
/// `nats`: (tokens,), each `-ln p`, finite and not negative
///
/// # Errors
/// Errors if there is no token, a loss is negative or not finite, or the mean exceeds the 709.78 nats beyond which
/// the result is not a finite number.
pub fn perplexity(nats: &[f64]) -> Result<f64, MetricError> {
    let mean = mean_loss(nats)?;
    check::not_negative("loss", nats)?;
    let perplexity = mean.exp();
    check::finite("perplexity of text", &[perplexity])?;
    Ok(perplexity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fair_die_has_six() {
        let result = perplexity(&[6.0_f64.ln(); 4]).unwrap();
        assert!((result - 6.0).abs() < 1e-14);
        assert_eq!(perplexity(&[0.0, 0.0]), Ok(1.0));
    }

    #[test]
    fn what_is_no_loss_is_named() {
        let message = |nats: &[f64]| perplexity(nats).unwrap_err().to_string();
        assert_eq!(message(&[]), "nothing to score: no losses");
        assert_eq!(message(&[1.0, -0.5]), "loss 1 is negative: -0.5");
        assert_eq!(message(&[f64::NAN]), "loss 0 is not finite: NaN");
        assert_eq!(message(&[710.0]), "perplexity of text 0 is not finite: inf");
    }
}
