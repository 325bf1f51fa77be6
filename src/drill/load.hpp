#pragma once

#include <functional>

#include "drill/plan.hpp"
#include "drill/tally.hpp"
#include "http/client.hpp"

namespace utakata::drill {

/// Once a second of the load: what has been sent and become of it so far.
using Progress = std::function<void(i32 second, const Tally&)>;

/// Open-loop load: request n starts at n / rate seconds whatever became of the ones before it, and its latency counts
/// from then. Ends when every request has its fate. `started` is told the moment of the first request.
reactor::Co<void> run_load(reactor::Loop&, const Load&, reactor::Address, std::string host, std::uint64_t seed, Tally&,
                           std::function<void(Instant)> started, Progress);

/// The fate of one finished exchange.
Fate fate_of(const http::Exchange&, const opt<str>& expected_body);

}  // namespace utakata::drill
