#pragma once

#include "services/logs/api/streams.hpp"
#include "services/logs/state.hpp"

namespace utakata::logs {

Outcome<api::Empty> create_log_stream(Tx&, const api::CreateLogStreamRequest&);
Outcome<api::Empty> delete_log_stream(Tx&, const api::DeleteLogStreamRequest&);
Outcome<api::DescribeLogStreamsResponse> describe_log_streams(Tx&, const api::DescribeLogStreamsRequest&);
Outcome<api::PutLogEventsResponse> put_log_events(Tx&, const api::PutLogEventsRequest&);
Outcome<api::GetLogEventsResponse> get_log_events(Tx&, const api::GetLogEventsRequest&);
Outcome<api::FilterLogEventsResponse> filter_log_events(Tx&, const api::FilterLogEventsRequest&);

}  // namespace utakata::logs
