#pragma once

#include "services/events/state.hpp"

namespace utakata::events {

/// Fault ValidationException for tags that AWS does not allow.
Outcome<dict<str>> tags_of(const list<api::Tag>&);

Outcome<api::Empty> tag_resource(Tx&, const api::TagResourceRequest&);
Outcome<api::Empty> untag_resource(Tx&, const api::UntagResourceRequest&);
Outcome<api::ListTagsForResourceResponse> list_tags_for_resource(Tx&, const api::ListTagsForResourceRequest&);

}  // namespace utakata::events
