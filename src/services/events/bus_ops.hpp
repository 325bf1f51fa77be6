#pragma once

#include "services/events/api/buses.hpp"
#include "services/events/state.hpp"

namespace utakata::events {

Outcome<api::CreateEventBusResponse> create_event_bus(Tx&, const api::CreateEventBusRequest&);
Outcome<api::Empty> delete_event_bus(Tx&, const api::DeleteEventBusRequest&);
Outcome<api::DescribeEventBusResponse> describe_event_bus(Tx&, const api::DescribeEventBusRequest&);
Outcome<api::ListEventBusesResponse> list_event_buses(Tx&, const api::ListEventBusesRequest&);

}  // namespace utakata::events
