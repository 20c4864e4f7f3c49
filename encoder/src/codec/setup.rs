//! What encoder and decoder make the same from a header: the model, taught, and when its memory settles.

use crate::base::memory::Memory;
use crate::base::stage::Stage;
use crate::format::header::Header;
use crate::model::items::Model;
use crate::model::prior;
use crate::model::sizes::Settings;
use crate::options::class::Class;
use crate::options::coding::Options;

/// The header of a document of this class.
pub(crate) fn header(options: &Options, class: Class) -> Header {
    Header::new(options.level, class, options.coding, options.check_of(class))
}

pub(crate) fn memory(options: &Options) -> Memory {
    Memory { lazy: options.holding.lazy, pool: options.holding.pool }
}

/// What the model must know of a header.
pub(crate) fn settings(header: &Header) -> Settings {
    Settings { level: header.level, class: header.class, coding: header.coding }
}

/// The model that a header asks for, taught.
pub(crate) fn model(header: &Header, memory: Memory) -> Model {
    Stage::Tables.run(|| {
        let mut model = Model::new(settings(header), memory);
        prior::teach(&mut model);
        model
    })
}

/// Touches the rest of the tables once the document has shown to be long.
pub(crate) fn settle(model: &mut Model, unsettled: &mut u64, len: usize) {
    if *unsettled > 0 {
        *unsettled = unsettled.saturating_sub(len as u64);
        if *unsettled == 0 {
            model.touch();
        }
    }
}
