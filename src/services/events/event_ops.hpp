#pragma once

#include "services/events/api/events.hpp"
#include "services/events/state.hpp"

namespace utakata::events {

Outcome<api::PutEventsResponse> put_events(Tx&, const api::PutEventsRequest&);
Outcome<api::TestEventPatternResponse> test_event_pattern(Tx&, const api::TestEventPatternRequest&);

}  // namespace utakata::events
