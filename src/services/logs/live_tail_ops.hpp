#pragma once

#include "core/tx.hpp"
#include "services/logs/api/live_tail.hpp"

namespace utakata::logs {

/// Its answer is the beginning of a session, which the host goes on with by live_tail_page. The host alone knows when
/// a session ends, and holds limits::live_tail_sessions.
Outcome<api::StartLiveTailResponse> start_live_tail(Tx&, const api::StartLiveTailRequest&);
/// In no API: the host alone asks. Groups and streams that are gone have nothing to tell.
Outcome<LiveTailPage> live_tail_page(Tx&, const LiveTailRequest&);

}  // namespace utakata::logs
