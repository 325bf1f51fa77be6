#include "balancer/exchange.hpp"

#include <utility>

#include "balancer/secure.hpp"
#include "balancer/tunnel.hpp"
#include "base/text.hpp"

namespace utakata::balancer {
namespace {

using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

constexpr Duration handshake_timeout = seconds(10);  // of TLS, and for a target to show that it speaks HTTP/2
constexpr std::size_t answer_head_max = 32 * 1024;
constexpr int interim_answers_max = 16;  // 1xx in front of the answer
constexpr std::string_view last_chunk = "0\r\n\r\n";

i64 size_of(const Stream::Slices& slices) {
  return static_cast<i64>(slices[0].size() + slices[1].size() + slices[2].size());
}

// Of a request that has not reached its target.
int status_of(Cause cause) {
  return cause == Cause::connect_timeout_504 ? 504 : cause == Cause::exhausted_503 ? 503 : 502;
}

}  // namespace

Lease::Lease(Shared& shared, std::shared_ptr<Target> target) : shared_(shared), target_(std::move(target)) {
  ++target_->candidate.in_flight;
}

Lease::~Lease() {
  --target_->candidate.in_flight;
  drop();
  report_if_idle(shared_, *target_);
}

bool Lease::take_kept() {
  auto kept = target_->http2 ? target_->sessions.open() : target_->take_kept();
  if (!kept) return false;
  use(std::move(kept));
  return true;
}

void Lease::use(std::unique_ptr<Stream> stream) {
  stream_ = std::move(stream);
  busy_.stream = stream_.get();
  target_->begin(busy_);
}

void Lease::drop() {
  if (!stream_) return;
  target_->end(busy_);
  if (reusable_ && !target_->http2 && !target_->gone && !target_->draining && !stream_->hung_up())
    target_->keep(std::move(stream_));
  stream_ = nullptr;
}

// One that has closed altogether looks like one that has only ended its sending side, until it is sent something.
Co<bool> has_left(const Stream& client) {
  if (!client.broken()) co_await client.loop().next_round();  // in which its reset is seen
  co_return client.broken();
}

void forget_answer(Record& record, i64 sent_before) {
  record.answered = {};
  record.target_status = record.status = 0;
  record.sent_bytes = sent_before;
}

Ended Exchange::lost(const Lease& lease, Cause cause, int status) const {
  return lease.target().gone ? Ended{Cause::deregistered_502, 502} : Ended{cause, status};
}

// Nothing of the answer has gone to the client yet.
Ended Exchange::lost(const Lease& lease, Got got) const {
  switch (upload_) {
    case Upload::malformed:
    case Upload::ended_early:
      return {Cause::bad_request, 400, false};
    case Upload::client_timed_out:
      return {Cause::bad_request, 408, false};
    case Upload::client_reset:
      return {Cause::client_closed_460, 0, false};
    default:
      break;
  }
  if (client_.broken()) return {Cause::client_closed_460, 0, false};
  if (got == Got::timed_out) return lost(lease, Cause::timeout_504, 504);
  return lost(lease, Cause::reset_in_flight_502, 502);
}

// Half an answer cannot be taken back: the client sees its connection end.
Ended Exchange::cut(const Lease& lease, Got got) const {
  const Cause cause = lost(lease, got).cause;
  return {cause == Cause::reset_in_flight_502 ? Cause::cut_off : cause, 0, false};
}

bool Exchange::upload_failed() const {
  return upload_ == Upload::malformed || upload_ == Upload::ended_early || upload_ == Upload::client_timed_out ||
         upload_ == Upload::client_reset;
}

Co<Trouble> Exchange::send(Stream& to, Stream::Slices slices) {
  const Trouble trouble = co_await to.write_all(slices, idle());
  if (trouble == Trouble::none) progress_ = shared_.loop.now();
  co_return trouble;
}

Co<Ended> Exchange::forward(Destination& to) {
  const RetryRule& rule = to.group->config.retry;
  connect_timeout_ = seconds(to.group->config.connect_timeout_seconds);
  progress_ = shared_.loop.now();
  if (request_.expects_continue && !reader_.done() && work_->from_client.empty())
    if (co_await send(client_, {continue_line, {}, {}}) == Trouble::none)
      record_.sent_bytes += static_cast<i64>(continue_line.size());
  // The head, and as much of the body as has come with it.
  const Piece first = take_body(reader_, work_->from_client);
  if (!first.sound) co_return Ended{Cause::bad_request, 400, false};
  if (request_.body.framing == http::Framing::chunked) add_chunk(reader_, first.content, work_->out, chunk_end_);
  first_used_ = first.used;
  held_ = rule.attempts > 0 && rule.idempotent && request_.idempotent && reader_.done();
  if (rule.attempts > 0) to.group->retries.request(rule.budget_percent);
  while (true) {
    Ended ended;
    {
      Lease lease(shared_, to.target);
      ended = co_await try_target(lease, first.content);
    }
    if (may_try_again(ended) && move_on(to, ended)) continue;
    let_go();
    co_return ended;
  }
}

bool Exchange::may_try_again(const Ended& ended) const {
  if (ended.own_status < 500 || answered_ || client_.broken() || shared_.ending) return false;
  // What has not reached the target can be sent to another one, whatever it is.
  if (!sent_) return ended.cause != Cause::exhausted_503;
  return held_ && (ended.cause == Cause::reset_in_flight_502 || ended.cause == Cause::deregistered_502);
}

// Goes to another target. False: there is none, or the retries are used up.
bool Exchange::move_on(Destination& to, const Ended& ended) {
  Group& group = *to.group;
  tried_.push_back(&to.target->candidate);
  if (tried_.size() > static_cast<std::size_t>(group.config.retry.attempts)) return false;
  auto next = group.choose({.now = shared_.loop.now(), .zone = zone_, .without = tried_});
  if (!next) return false;
  const bool may = group.retries.take();
  const Cause cause = may ? Cause::retried : Cause::retry_refused;
  group.meter->causes[static_cast<std::size_t>(cause)].add();
  shared_.fates.count(wall_clock().ns / 1'000'000'000, to.target->fates, cause);
  if (!may) return false;
  if (group.ended(*to.target, ended.cause)) report_anomalies(shared_, group);
  to.target = std::move(next);
  upload_ = Upload::whole;
  record_.dispatched = {};  // the record tells of the last try
  progress_ = shared_.loop.now();
  return true;
}

// The request will not be sent again: what it was made of is not needed any more.
void Exchange::let_go() {
  record_.received_bytes += static_cast<i64>(first_used_);
  if (first_used_ > 0) work_->from_client.drop(std::exchange(first_used_, 0));
  held_ = false;
}

Co<Ended> Exchange::try_target(Lease& lease, std::string_view first_content) {
  Ended ended;
  sent_ = false;
  while (true) {
    const bool kept = lease.take_kept();
    if (!kept && !co_await connect(lease, ended)) co_return ended;
    Stream::Slices slices{work_->out, first_content, chunk_end_};
    record_.dispatched = wall_clock();
    Trouble trouble = lease.stream().try_write(slices);
    const bool untouched = slices[0].size() == work_->out.size();
    if (kept && trouble == Trouble::reset && untouched) {
      lease.drop();  // the target had ended this kept connection before it saw anything of the request
      continue;
    }
    sent_ = !untouched;
    if (trouble == Trouble::none && !Stream::all_taken(slices)) {
      sent_ = true;
      trouble = co_await send(lease.stream(), slices);
    }
    // What the target has seen a part of is not sent to it again. It may have answered that part already.
    if (trouble != Trouble::none) upload_ = Upload::target_stopped;
    if (trouble == Trouble::none) progress_ = shared_.loop.now();
    break;
  }
  if (sent_ && !held_) let_go();
  // The rest of the body goes up while the answer comes down: a target may answer before it has read everything.
  const bool upload_left = !reader_.done() && upload_ == Upload::whole;
  if (upload_left) {
    upload_ = Upload::running;
    reactor::start(upload(lease.stream()));
  }
  watch_client(lease.stream());
  const i64 sent_before = record_.sent_bytes;
  ended = co_await relay_answer(lease);
  client_.readiness().on_hang_up = nullptr;
  if (ended.cause == Cause::client_closed_460 && (unheard_ || record_.status == 0)) forget_answer(record_, sent_before);
  if (upload_left) co_await end_upload(lease);
  if (upload_ != Upload::whole || request_.close_connections) ended.keep_alive = false;
  co_return ended;
}

Co<Dialled> Exchange::dial(const Target& target) {
  auto connected = co_await reactor::connect_tcp(shared_.loop, {.host = target.address, .port = target.port},
                                                 connect_timeout_, shared_.origin_of(running_));
  const bool reached = connected.stream != nullptr;
  Dialled dialled;
  if (reached) running_.meter->add(Measure::new_connections);
  if (reached && target.tls) {
    dialled.stream = co_await secure_to_target(shared_, std::move(connected.stream), handshake_timeout, target.http2);
    if (!dialled.stream) count_target_tls_error(running_, target, zone_);
  } else {
    dialled.stream = std::move(connected.stream);
  }
  if (!dialled.stream)
    dialled.cause = reached                                   ? Cause::tls_failed_502
                    : connected.trouble == Trouble::timed_out ? Cause::connect_timeout_504
                    : connected.trouble == Trouble::exhausted ? Cause::exhausted_503
                                                              : Cause::connect_refused_502;
  co_return dialled;
}

// Others that have come meanwhile may have taken what a new connection has room for, but not for ever.
Co<Dialled> Exchange::open_stream(Target& target) {
  Dialled opened;
  const Instant deadline = shared_.loop.now() + handshake_timeout;
  while (opened.cause == Cause::ok && !target.gone) {
    if ((opened.stream = target.sessions.open())) break;
    if (client_.broken())
      opened.cause = Cause::client_closed_460;
    else if (shared_.loop.now() >= deadline)
      opened.cause = Cause::connect_timeout_504;
    else
      opened.cause = co_await target.sessions.connect(
          shared_.loop, [this, &target] { return dial(target); },
          {.ending = [&shared = shared_] { return shared.ending; }, .idle = idle(), .secure = target.tls},
          handshake_timeout);
  }
  co_return opened;
}

Co<bool> Exchange::connect(Lease& lease, Ended& ended) {
  Target& target = lease.target();
  Dialled dialled;
  if (target.http2)
    dialled = co_await open_stream(target);
  else
    dialled = co_await dial(target);
  if (dialled.stream) {
    lease.use(std::move(dialled.stream));
    if (!target.gone) co_return true;
  }
  if (dialled.cause == Cause::client_closed_460) {
    ended = {Cause::client_closed_460, 0, false};
    co_return false;
  }
  // What has not reached its target was not lost by it, even if it has been deregistered meanwhile.
  ended =
      dialled.cause == Cause::ok ? Ended{Cause::deregistered_502, 502} : Ended{dialled.cause, status_of(dialled.cause)};
  ended.keep_alive = request_.body.framing == http::Framing::none;
  co_return false;
}

// A client whose connection breaks wants no answer any more. One that has only ended its sending side does.
void Exchange::watch_client(Stream& upstream) {
  client_.readiness().on_hang_up = [this, &upstream] {
    if (client_.broken())
      upstream.readiness().cancel();
    else
      watch_client(upstream);
  };
}

Co<void> Exchange::upload(Stream& to) {
  const Upload result = co_await upload_rest(to);
  if (upload_ == Upload::running) upload_ = result;
  const bool failed = upload_failed();
  upload_ended_.tell();
  if (failed) to.readiness().cancel();  // the last: the exchange may end by it, and be gone
}

Co<Exchange::Upload> Exchange::upload_rest(Stream& to) {
  Bytes& bytes = work_->from_client;
  while (!reader_.done()) {
    if (bytes.empty()) {
      const bool came = co_await client_.readiness().readable(idle());
      if (upload_ != Upload::running || shared_.ending) co_return Upload::given_up;
      if (!came && shared_.loop.now() - progress_ < idle()) continue;
      if (!came) co_return Upload::client_timed_out;
      const auto got = client_.try_read(bytes.room());
      if (!got) continue;
      if (got->count == 0) co_return got->trouble == Trouble::none ? Upload::ended_early : Upload::client_reset;
      bytes.came(got->count);
      if (upload_share_.used_up(got->count)) co_await shared_.loop.next_round();
      if (upload_ != Upload::running) co_return Upload::given_up;
    }
    const Piece piece = take_body(reader_, bytes);
    if (!piece.sound) co_return Upload::malformed;
    chunk_begin_.clear();
    if (request_.body.framing == http::Framing::chunked) add_chunk(reader_, piece.content, chunk_begin_, chunk_end_);
    if (co_await send(to, {chunk_begin_, piece.content, chunk_end_}) != Trouble::none) co_return Upload::target_stopped;
    record_.received_bytes += static_cast<i64>(piece.used);
    bytes.drop(piece.used);
  }
  co_return Upload::whole;
}

Co<void> Exchange::end_upload(Lease& lease) {
  if (upload_ != Upload::running) co_return;
  upload_ = Upload::given_up;
  lease.stream().shut_down();
  client_.readiness().cancel();
  while (!co_await upload_ended_.wait()) continue;
}

Co<Exchange::Got> Exchange::more(Stream& from) {
  if (work_->from_target.room().empty()) work_->from_target.make_room(answer_head_max);
  // While nothing is in the workspace another connection may have it, still warm.
  if (upload_ == Upload::whole && !held_ && work_->from_client.empty() && work_->from_target.empty())
    shared_.workspaces.give_back(std::move(work_));
  Got result = Got::bytes;
  while (true) {
    const Duration left = progress_ + idle() - shared_.loop.now();
    if (upload_failed() || client_.broken() || shared_.ending)
      result = Got::interrupted;
    else if (left.ns <= 0)
      result = Got::timed_out;
    if (result != Got::bytes) break;
    if (!co_await from.readiness().readable(left)) continue;
    if (!work_) work_ = shared_.workspaces.take();
    const auto got = from.try_read(work_->from_target.room());
    if (!got) continue;
    if (got->count == 0) co_return got->trouble == Trouble::none ? Got::end : Got::reset;
    work_->from_target.came(got->count);
    answered_ = true;
    progress_ = shared_.loop.now();
    if (answer_share_.used_up(got->count)) co_await shared_.loop.next_round();
    co_return Got::bytes;
  }
  if (!work_) work_ = shared_.workspaces.take();
  co_return result;
}

Co<Ended> Exchange::relay_answer(Lease& lease) {
  work_->from_target.clear();
  for (int interim = 0; interim <= interim_answers_max; ++interim) {
    std::size_t length = 0;
    std::size_t looked_at = 0;
    while ((length = http::head_length(work_->from_target.text(), looked_at)) == 0) {
      looked_at = work_->from_target.text().size();
      if (looked_at >= answer_head_max) co_return lost(lease, Cause::malformed_502, 502);
      const Got got = co_await more(lease.stream());
      if (got != Got::bytes) co_return lost(lease, got);
    }
    http::ResponseHeadView& answer = work_->answer;
    http::BodyFraming body;
    if (http::view_response_head(work_->from_target.text().substr(0, length), answer) || answer.deviates ||
        http::body_framing(answer, request_.head_method, body))
      co_return lost(lease, Cause::malformed_502, 502);
    if (answer.status == 101 && !accepts_websocket(answer)) co_return lost(lease, Cause::malformed_502, 502);
    if (answer.status >= 200 || answer.status == 101) {
      record_.answered = wall_clock();
      record_.target_status = answer.status;
      if (held_) let_go();
    }
    if (answer.status >= 200) co_return co_await relay_body(lease, body, length);
    if (answer.status == 101) co_return co_await become_tunnel(lease, length);
    work_->from_target.drop(length);
  }
  co_return lost(lease, Cause::malformed_502, 502);
}

Co<Ended> Exchange::relay_body(Lease& lease, http::BodyFraming body, std::size_t head_length) {
  const Cause cause = cause_of(work_->answer.status);
  const bool chunked_by_old = work_->answer.minor_version == 0 && work_->answer.framing.codings > 0;  // RFC 9112 6.1
  const bool target_keeps =
      work_->answer.keeps_alive() && body.framing != http::Framing::until_close && !chunked_by_old;
  const bool no_length = body.framing == http::Framing::chunked || body.framing == http::Framing::until_close;
  const bool chunk = no_length && !request_.old_client;
  const bool keep_alive =
      request_.keep_alive && !request_.close_connections && upload_ == Upload::whole && (chunk || !no_length);
  write_answer_head(work_->answer, {.chunked = chunk, .keep_alive = keep_alive, .own_lines = own_lines(lease)},
                    work_->out);
  work_->from_target.drop(head_length);
  unheard_ = client_.hung_up();
  http::BodyReader reader(body);
  std::string behind;
  for (bool begun = false;; begun = true) {
    const Piece piece = take_body(reader, work_->from_target);
    if (!piece.sound && begun) co_return Ended{Cause::malformed_502, 0, false};
    if (!piece.sound) {
      forget_answer(record_, record_.sent_bytes);
      co_return lost(lease, Cause::malformed_502, 502);
    }
    if (chunk) add_chunk(reader, piece.content, work_->out, behind);
    Stream::Slices slices{work_->out, piece.content, behind};
    const i64 size = size_of(slices);
    Trouble trouble = client_.try_write(slices);
    if (trouble == Trouble::none && !Stream::all_taken(slices)) trouble = co_await send(client_, slices);
    if (trouble != Trouble::none) co_return Ended{Cause::client_closed_460, 0, false};
    record_.status = record_.target_status;
    record_.sent_bytes += size;
    work_->from_target.drop(piece.used);
    work_->out.clear();
    if (reader.done()) break;
    const Got got = co_await more(lease.stream());
    if (!client_.broken()) unheard_ = false;
    if (got == Got::bytes) continue;
    if (got != Got::end || !reader.may_end()) co_return cut(lease, got);
    if (chunk && co_await send(client_, {last_chunk, {}, {}}) != Trouble::none)
      co_return Ended{Cause::client_closed_460, 0, false};
    if (chunk) record_.sent_bytes += static_cast<i64>(last_chunk.size());
    break;
  }
  if (client_.hung_up() && upload_ != Upload::running && co_await has_left(client_))
    co_return Ended{Cause::client_closed_460, 0, false};
  if (target_keeps && reader.done() && work_->from_target.empty() && upload_ == Upload::whole &&
      !request_.close_connections)
    lease.set_reusable();
  co_return Ended{cause, 0, keep_alive};
}

// What the answer gets besides its own: cookies and, where it is wanted, the target's name.
std::string Exchange::own_lines(const Lease& lease) const {
  std::string lines;
  if (request_.binding.any())
    lines = binding_lines(shared_.seal, request_.binding, lease.target(), work_->answer.headers, wall_clock());
  if (config_.target_header) lines += cat("X-Utakata-Target: ", lease.target().name, "\r\n");
  return lines;
}

bool Exchange::accepts_websocket(const http::ResponseHeadView& answer) const {
  const auto* protocol = answer.find(http::HeaderKind::upgrade);
  return request_.websocket && protocol != nullptr && equals_ignoring_case(*protocol, "websocket");
}

Co<Ended> Exchange::become_tunnel(Lease& lease, std::size_t head_length) {
  write_answer_head(work_->answer, {.websocket = true, .own_lines = own_lines(lease)}, work_->out);
  work_->from_target.drop(head_length);
  if (co_await send(client_, {work_->out, {}, {}}) != Trouble::none)
    co_return Ended{Cause::client_closed_460, 0, false};
  record_.status = record_.target_status;
  record_.sent_bytes += static_cast<i64>(work_->out.size());
  client_.readiness().on_hang_up = nullptr;
  const auto over = [this, &lease] { return shared_.ending || lease.target().gone; };
  Carried carried;
  const TunnelEnd end = co_await tunnel(client_, lease.stream(), *work_, idle(), over, carried);
  record_.received_bytes += carried.from_client;
  record_.sent_bytes += carried.to_client;
  if (lease.target().gone) co_return Ended{Cause::deregistered_502, 0, false};
  co_return Ended{end == TunnelEnd::target_reset ? Cause::cut_off : Cause::upgraded, 0, false};
}

}  // namespace utakata::balancer
