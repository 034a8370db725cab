//! How the parameters of a family are called and shaped in its published folders, and how they start.
//!
//! A family has one [`Table`]. Loading reads it in one direction, saving in the other, and random first values are
//! drawn under the published names, so that a fused parameter starts as its parts would.

use crate::error::EncoderError;
use mtl_core_tensor::element::Real;
use mtl_core_tensor::{Device, Init, Module, NamedTensor};

/// What a parameter is; decides how it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A matrix: normal with mean 0.
    Weight,
    /// An embedding table: normal with mean 0.
    Lookup,
    /// The gain of a norm: 1.
    Gain,
    /// A bias, or the offset of a norm: 0.
    Bias,
}

/// How a parameter, or each of its parts, is laid out in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As here.
    AsIs,
    /// The leading axes are joined: `(3, outputs, inputs)` here is `(3 * outputs, inputs)` there.
    Joined,
    /// The leading axes are joined and the matrix is transposed: `(outputs, inputs)` here is `(inputs, outputs)` there.
    Transposed,
}

/// One parameter, or one of each layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The name here; `{}` stands for the number of the layer.
    pub ours: &'static str,
    /// The name in a folder, or one name for each part along the first axis.
    pub theirs: &'static [&'static str],
    /// How the parts are laid out in a folder.
    pub layout: Layout,
    /// What the parameter is.
    pub kind: Kind,
}

impl Rule {
    /// A parameter that is in a folder as it is here, under the same name or another.
    pub const fn new(ours: &'static str, theirs: &'static [&'static str], kind: Kind) -> Rule {
        Rule { ours, theirs, layout: Layout::AsIs, kind }
    }

    /// The same parameter in another layout.
    pub const fn laid_out(self, layout: Layout) -> Rule {
        Rule { layout, ..self }
    }

    /// The sizes of one part in a folder.
    fn part_sizes(&self, sizes: &[usize]) -> Vec<usize> {
        let part = if self.theirs.len() > 1 { &sizes[1..] } else { sizes };
        let (joined, last) = matrix(part);
        match self.layout {
            Layout::AsIs => part.to_vec(),
            Layout::Joined => vec![joined, last],
            Layout::Transposed => vec![last, joined],
        }
    }
}

/// The names, layouts and kinds of all parameters of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// The rules; the first is of a tensor that every folder of the family has.
    pub rules: &'static [Rule],
}

/// Where the values of published tensors come from.
pub trait Values<M: Real> {
    /// The values of the tensor of this published name and shape, row-major.
    fn values(&self, name: &str, sizes: &[usize], kind: Kind) -> Result<Vec<M>, EncoderError>;

    /// Whether there is such a tensor.
    fn has(&self, name: &str) -> bool;
}

/// Random first values: weights and tables normal, gains 1, biases 0. Every tensor is there.
#[derive(Debug)]
pub struct Start<'a> {
    /// Draws by seed and name.
    pub init: &'a Init,
    /// The standard deviation of weights and tables.
    pub deviation: f64,
}

impl<M: Real> Values<M> for Start<'_> {
    fn values(&self, name: &str, sizes: &[usize], kind: Kind) -> Result<Vec<M>, EncoderError> {
        let count = sizes.iter().product();
        Ok(match kind {
            Kind::Weight | Kind::Lookup => self.init.normal(name, count, self.deviation),
            Kind::Gain => vec![M::ONE; count],
            Kind::Bias => vec![M::ZERO; count],
        })
    }

    fn has(&self, _: &str) -> bool {
        true
    }
}

impl Table {
    /// The published name of a tensor that every folder of the family has.
    pub fn landmark(&self) -> &'static str {
        self.rules[0].theirs[0]
    }

    /// The values of the parameter of this name and shape.
    ///
    /// Errors as the source does.
    ///
    /// # Panics
    /// If the table has no such parameter.
    pub fn read<M: Real>(
        &self,
        ours: &str,
        sizes: &[usize],
        source: &dyn Values<M>,
    ) -> Result<Vec<M>, EncoderError> {
        let (rule, layer) = self.rule(ours);
        let part_sizes = rule.part_sizes(sizes);
        let mut values = Vec::new();
        for theirs in rule.theirs {
            let part = source.values(&theirs.replace("{}", layer), &part_sizes, rule.kind)?;
            values.push(match rule.layout {
                Layout::AsIs | Layout::Joined => part,
                Layout::Transposed => transposed(&part, part_sizes[1]),
            });
        }
        Ok(values.concat())
    }

    /// The parameters of a module as a folder names and shapes them, in f32.
    ///
    /// # Panics
    /// If the table lacks a parameter of the module.
    pub fn write<M: Real, D: Device>(&self, module: &dyn Module<M, D>) -> Vec<NamedTensor> {
        let mut tensors = Vec::new();
        module.visit_once(&mut |ours, view| {
            let (rule, layer) = self.rule(ours);
            let sizes = rule.part_sizes(&view.sizes);
            let values: Vec<f32> = view.to_vec().iter().map(|x| x.as_f64() as f32).collect();
            for (theirs, part) in
                rule.theirs.iter().zip(values.chunks_exact(values.len() / rule.theirs.len()))
            {
                let name = theirs.replace("{}", layer);
                tensors.push(match rule.layout {
                    Layout::AsIs | Layout::Joined => NamedTensor::new(name, sizes.clone(), part),
                    Layout::Transposed => NamedTensor::new(name, sizes.clone(), &transposed(part, sizes[0])),
                });
            }
        });
        tensors
    }

    /// How many layers have tensors among these published names.
    pub fn layers<'a>(&self, names: impl Iterator<Item = &'a str>) -> usize {
        let number = |name| {
            let mut theirs = self.rules.iter().flat_map(|rule| rule.theirs);
            theirs.find_map(|theirs| layer_of(theirs, name))?.parse::<usize>().ok()
        };
        names.filter_map(number).map(|number| number + 1).max().unwrap_or(0)
    }

    /// The rule of a parameter, and the number of its layer.
    fn rule<'a>(&self, ours: &'a str) -> (&'static Rule, &'a str) {
        let found = self.rules.iter().find_map(|rule| match rule.ours == ours {
            true => Some((rule, "")),
            false => Some((rule, layer_of(rule.ours, ours)?)),
        });
        found.unwrap_or_else(|| panic!("the family's table lacks the parameter {ours:?}"))
    }
}

/// The digits that stand in `name` where `pattern` has `{}`.
fn layer_of<'a>(pattern: &str, name: &'a str) -> Option<&'a str> {
    let (before, after) = pattern.split_once("{}")?;
    let layer = name.strip_prefix(before)?.strip_suffix(after)?;
    (!layer.is_empty() && layer.bytes().all(|byte| byte.is_ascii_digit())).then_some(layer)
}

/// The product of all sizes but the last, and the last.
fn matrix(sizes: &[usize]) -> (usize, usize) {
    let (last, leading) = sizes.split_last().expect("a parameter has an axis");
    (leading.iter().product(), *last)
}

/// The transpose of a row-major matrix of `columns` columns.
fn transposed<T: Copy>(values: &[T], columns: usize) -> Vec<T> {
    let column = |column| values.iter().skip(column).step_by(columns).copied();
    (0..columns).flat_map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mtl_core_tensor::{Cpu, Param, ParamView, Role, Tensor};
    use std::collections::BTreeMap;

    /// A fused projection that is transposed there, one of parts that are transposed, one that is joined.
    const TABLE: Table = Table {
        rules: &[
            Rule::new("h.{}.attention.weight", &["{}.c_attn"], Kind::Weight).laid_out(Layout::Transposed),
            Rule::new("parts", &["a", "b"], Kind::Weight).laid_out(Layout::Transposed),
            Rule::new("joined", &["w_qkv"], Kind::Weight).laid_out(Layout::Joined),
            Rule::new("gain", &["ln.g"], Kind::Gain),
            Rule::new("bias", &["ln.b"], Kind::Bias),
        ],
    };

    struct One(&'static str, Param<(usize, usize, usize), f32, Cpu>);

    impl Module<f32, Cpu> for One {
        fn visit(&self, visitor: &mut dyn FnMut(&str, ParamView<'_, f32, Cpu>)) {
            visitor(self.0, self.1.view());
        }
    }

    impl Values<f32> for BTreeMap<String, (Vec<usize>, Vec<f32>)> {
        fn values(&self, name: &str, sizes: &[usize], _: Kind) -> Result<Vec<f32>, EncoderError> {
            let (found, values) = &self[name];
            assert_eq!(found, sizes);
            Ok(values.clone())
        }

        fn has(&self, name: &str) -> bool {
            self.contains_key(name)
        }
    }

    /// What a folder holds of a parameter of shape (2, 2, 3) with the values 0 to 11.
    fn written(ours: &'static str) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
        let values: Vec<f32> = (0..12).map(|x| x as f32).collect();
        let value = Tensor::from_slice(&Cpu, (2, 2, 3), &values).expect("sizes");
        let tensors = TABLE.write(&One(ours, Param::new(Role::Weight, value)));
        let floats = |bytes: &[u8]| {
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().expect("4 bytes"))).collect()
        };
        let folder = tensors.into_iter().map(|t| (t.name, (t.sizes, floats(&t.bytes)))).collect();
        assert_eq!(
            TABLE.read::<f32>(ours, &[2, 2, 3], &folder).expect("there"),
            values,
            "reading undoes writing"
        );
        folder
    }

    #[test]
    fn reading_undoes_writing_in_every_layout() {
        let folder = written("h.7.attention.weight");
        let rows = vec![0.0, 3.0, 6.0, 9.0, 1.0, 4.0, 7.0, 10.0, 2.0, 5.0, 8.0, 11.0];
        assert_eq!(folder["7.c_attn"], (vec![3, 4], rows));
        let folder = written("parts");
        assert_eq!(folder["b"], (vec![3, 2], vec![6.0, 9.0, 7.0, 10.0, 8.0, 11.0]));
        assert_eq!(written("joined")["w_qkv"].0, [4, 3]);
    }

    #[test]
    fn parameters_start_by_their_kind_and_published_name() {
        let init = Init::new(3);
        let start = Start { init: &init, deviation: 0.5 };
        let read =
            |ours, sizes: &[usize]| TABLE.read::<f64>(ours, sizes, &start).expect("every tensor is there");
        assert_eq!((read("gain", &[2]), read("bias", &[2])), (vec![1.0; 2], vec![0.0; 2]));
        assert_eq!(read("joined", &[1, 1, 4]), init.normal::<f64>("w_qkv", 4, 0.5));
        let parts = [init.normal::<f64>("a", 1, 0.5), init.normal("b", 1, 0.5)].concat();
        assert_eq!(read("parts", &[2, 1, 1]), parts);
    }

    #[test]
    fn layers_are_counted_by_their_names() {
        let names = ["0.c_attn", "4.c_attn", "x.c_attn", "9.other", "ln.g"];
        assert_eq!(TABLE.layers(names.into_iter()), 5);
        assert_eq!(TABLE.layers(["ln.g"].into_iter()), 0);
    }
}
