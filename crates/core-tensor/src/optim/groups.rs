//! Parameter groups: which learning rate and decay each parameter has.

use crate::param::Role;

/// Settings for the parameters whose name starts with a prefix.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The start of the names; the longest that fits decides.
    pub prefix: String,
    /// Multiplies the learning rate.
    pub learning_rate_scale: f64,
    /// The weight decay of weights (biases and norms never decay).
    pub weight_decay: f64,
}

/// All groups: a general decay, and exceptions by prefix.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    weight_decay: f64,
    exceptions: Vec<Group>,
}

impl Groups {
    /// One group for everything.
    pub fn new(weight_decay: f64) -> Groups {
        Groups { weight_decay, exceptions: Vec::new() }
    }

    /// Adds an exception.
    pub fn with(mut self, group: Group) -> Groups {
        self.exceptions.push(group);
        self
    }

    /// The learning-rate scale and the weight decay of a parameter.
    pub fn of(&self, name: &str, role: Role) -> (f64, f64) {
        let fits = self.exceptions.iter().filter(|group| name.starts_with(&group.prefix));
        let (scale, decay) = fits
            .max_by_key(|group| group.prefix.len())
            .map_or((1.0, self.weight_decay), |group| (group.learning_rate_scale, group.weight_decay));
        (scale, if role == Role::Weight { decay } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_decides_and_norms_never_decay() {
        let group = |prefix: &str, scale| Group {
            prefix: prefix.into(),
            learning_rate_scale: scale,
            weight_decay: 0.5,
        };
        let groups = Groups::new(0.01).with(group("head", 2.0)).with(group("head.a", 3.0));
        assert_eq!(groups.of("encoder.w", Role::Weight), (1.0, 0.01));
        assert_eq!(groups.of("head.b.w", Role::Weight), (2.0, 0.5));
        assert_eq!(groups.of("head.a.b", Role::BiasOrNorm), (3.0, 0.0));
    }
}
