//! The head that a run has where nothing is said of it.

use crate::spec::backbone::Backbone;
use crate::spec::head::{Classifier, Head, Pooling};
use crate::spec::method::Method;

impl Method {
    /// The head of a run that says nothing of it.
    ///
    /// Every method but feature extraction has the head of the family's own classifier; BERT's reads the pooler, or `[CLS]` where there is none
    /// (Devlin et al. 2019, §4.1), with the dropout of the hidden states, as `BertForSequenceClassification`. A frozen backbone gives the
    /// mean of all tokens, the better sentence feature (Reimers & Gurevych 2019, arXiv:1908.10084, table 6), without dropout
    /// (Conneau & Kiela 2018, arXiv:1803.05449).
    pub fn default_head(&self, backbone: &Backbone, has_pooler: bool) -> Head {
        match self {
            Self::FeatureExtraction => Head { pooling: Pooling::Mean, classifier: Classifier::Linear, dropout: 0.0 },
            _ => Head::of_family(backbone, has_pooler),
        }
    }
}
