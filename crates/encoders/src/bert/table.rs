//! BERT's parameters in published folders: the names are the same, but queries, keys and values are three tensors there.

use crate::table::{Kind, Rule, Table};

/// The parameters of BERT. RoBERTa's are the same.
pub static TABLE: Table = Table {
    rules: &[
        same(&["embeddings.word_embeddings.weight"], Kind::Lookup),
        same(&["embeddings.position_embeddings.weight"], Kind::Lookup),
        same(&["embeddings.token_type_embeddings.weight"], Kind::Lookup),
        same(&["embeddings.LayerNorm.weight"], Kind::Gain),
        same(&["embeddings.LayerNorm.bias"], Kind::Bias),
        Rule::new(
            "encoder.layer.{}.attention.self.query_key_value.weight",
            &[
                "encoder.layer.{}.attention.self.query.weight",
                "encoder.layer.{}.attention.self.key.weight",
                "encoder.layer.{}.attention.self.value.weight",
            ],
            Kind::Weight,
        ),
        Rule::new(
            "encoder.layer.{}.attention.self.query_key_value.bias",
            &[
                "encoder.layer.{}.attention.self.query.bias",
                "encoder.layer.{}.attention.self.key.bias",
                "encoder.layer.{}.attention.self.value.bias",
            ],
            Kind::Bias,
        ),
        same(&["encoder.layer.{}.attention.output.dense.weight"], Kind::Weight),
        same(&["encoder.layer.{}.attention.output.dense.bias"], Kind::Bias),
        same(&["encoder.layer.{}.attention.output.LayerNorm.weight"], Kind::Gain),
        same(&["encoder.layer.{}.attention.output.LayerNorm.bias"], Kind::Bias),
        same(&["encoder.layer.{}.intermediate.dense.weight"], Kind::Weight),
        same(&["encoder.layer.{}.intermediate.dense.bias"], Kind::Bias),
        same(&["encoder.layer.{}.output.dense.weight"], Kind::Weight),
        same(&["encoder.layer.{}.output.dense.bias"], Kind::Bias),
        same(&["encoder.layer.{}.output.LayerNorm.weight"], Kind::Gain),
        same(&["encoder.layer.{}.output.LayerNorm.bias"], Kind::Bias),
        same(&["pooler.dense.weight"], Kind::Weight),
        same(&["pooler.dense.bias"], Kind::Bias),
    ],
};

/// A parameter of the same name here and there.
const fn same(name: &'static [&'static str], kind: Kind) -> Rule {
    Rule::new(name[0], name, kind)
}
