#include "http2/session.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/outcome.hpp"
#include "base/text.hpp"
#include "http/linger.hpp"

namespace utakata::http2 {
namespace {

using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

constexpr std::size_t batch_max = std::size_t{64} * 1024;
constexpr std::size_t share_of_a_round = std::size_t{1024} * 1024;
constexpr std::int32_t connection_window = 2 * 1024 * 1024;
// Frames that carry nothing (empty ones, PING, SETTINGS, PRIORITY) may not be most of what comes.
constexpr std::uint64_t useless_max = std::uint64_t{1024} * 1024;
constexpr std::uint64_t useless_share = 8;

constexpr std::uint32_t gone = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR;

std::string_view text_of(const std::uint8_t* bytes, std::size_t length) {
  return {static_cast<const char*>(static_cast<const void*>(bytes)), length};
}
const std::uint8_t* bytes_of(std::string_view text) {
  return static_cast<const std::uint8_t*>(static_cast<const void*>(text.data()));
}

// What comes is looked at at once and what goes is mostly taken at once, so that connections need no memory of their
// own for it.
std::span<char> thread_space() {
  static thread_local std::array<char, std::size_t{32} * 1024> space;
  return space;
}
std::string& thread_batch() {
  static thread_local std::string batch;
  return batch;
}

}  // namespace

// What nghttp2 tells us. None of it resumes a coroutine: that waits for tell().
struct Callbacks {
  static Session& of(void* user) { return *static_cast<Session*>(user); }
  static Transfer* transfer(nghttp2_session* session, std::int32_t id) {
    return static_cast<Transfer*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
    if (head->type != NGHTTP2_CONTINUATION) of(user).last_news_ = of(user).loop().now();
    of(user).frame_begins(*head);
    return 0;
  }
  static int begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS) {
      of(user).heading_ = frame->hd.stream_id;
      of(user).heading_since_ = of(user).loop().now();
    }
    if (transfer(session, frame->hd.stream_id) != nullptr) return 0;
    const auto begun = of(user).begin_headers(*frame);
    if (!begun) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    of(user).add(begun);
    nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, begun.get());
    return 0;
  }
  static int header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_length, const std::uint8_t* value, std::size_t value_length, std::uint8_t,
                    void* user) {
    Transfer* const to = transfer(session, frame->hd.stream_id);
    if (to == nullptr) return 0;
    of(user).useful_ += name_length + value_length;
    const bool good = of(user).add_header(*to, text_of(name, name_length), text_of(value, value_length));
    return good ? 0 : malformed(session, frame->hd.stream_id);
  }
  static int malformed(nghttp2_session* session, std::int32_t id) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  static int invalid_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t*, std::size_t,
                            const std::uint8_t*, std::size_t, std::uint8_t, void*) {
    return malformed(session, frame->hd.stream_id);  // RFC 9113 8.2.1
  }
  static int frame_came(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    Transfer* const to = transfer(session, frame->hd.stream_id);
    if (frame->hd.type == NGHTTP2_HEADERS) of(user).heading_ = 0;
    if (to != nullptr && frame->hd.type == NGHTTP2_HEADERS) of(user).end_headers(*to, *frame);
    const bool message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (to != nullptr && message && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      to->in.end();
      of(user).note(*to, EPOLLIN);
    }
    of(user).frame_came(*frame);
    return 0;
  }
  static int content(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                     std::size_t length, void* user) {
    of(user).useful_ += length;
    if (Transfer* const to = transfer(session, id))
      of(user).content_came(*to, text_of(bytes, length));
    else
      nghttp2_session_consume(session, id, length);
    return 0;
  }
  static int stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    of(user).stream_closed(id, code);
    return 0;
  }
  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    const bool message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!message || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    if (Transfer* const to = transfer(session, frame->hd.stream_id)) {
      to->out.sent = true;
      of(user).message_sent(*to);
    }
    return 0;
  }
  static int frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
    const bool request = frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    if (request) of(user).stream_closed(frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
    return 0;
  }
  static ssize_t content_wanted(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t most, std::uint32_t* flags,
                                nghttp2_data_source* source, void* user) {
    return of(user).content_wanted(*static_cast<Transfer*>(source->ptr), most, *flags);
  }
  static int send_content(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* frame_head, std::size_t length,
                          nghttp2_data_source* source, void* user) {
    ensure(frame->data.padlen == 0, "a frame of ours is padded");
    of(user).send_content(*static_cast<Transfer*>(source->ptr), frame_head, length);
    return 0;
  }
};

const nghttp2_session_callbacks* Session::callbacks() {
  static const nghttp2_session_callbacks* const all = [] {
    nghttp2_session_callbacks* made = nullptr;
    ensure(nghttp2_session_callbacks_new(&made) == 0, "no memory");
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, Callbacks::begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, Callbacks::begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(made, Callbacks::header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(made, Callbacks::invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, Callbacks::frame_came);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, Callbacks::content);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, Callbacks::stream_closed);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, Callbacks::frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(made, Callbacks::frame_not_sent);
    nghttp2_session_callbacks_set_send_data_callback(made, Callbacks::send_content);
    return made;
  }();
  return all;
}

const nghttp2_option* Session::options() {
  static const nghttp2_option* const all = [] {
    nghttp2_option* made = nullptr;
    ensure(nghttp2_option_new(&made) == 0, "no memory");
    nghttp2_option_set_no_auto_window_update(made, 1);
    nghttp2_option_set_no_closed_streams(made, 1);
    return made;
  }();
  return all;
}

Session::Session(std::unique_ptr<Stream> below, Duration idle)
    : below_(std::move(below)),
      idle_(idle),
      last_news_(below_->loop().now()),
      wake_(below_->loop()),
      writer_ended_(below_->loop()),
      read_share_(below_->loop(), share_of_a_round),
      write_share_(below_->loop(), share_of_a_round) {}

Session::~Session() { nghttp2_session_del(session_); }

void Session::add_field(std::vector<nghttp2_nv>& fields, std::string_view name, std::string_view value) {
  // nghttp2 copies both, and changes neither.
  fields.push_back({.name = const_cast<std::uint8_t*>(bytes_of(name)),    // NOLINT
                    .value = const_cast<std::uint8_t*>(bytes_of(value)),  // NOLINT
                    .namelen = name.size(),
                    .valuelen = value.size(),
                    .flags = NGHTTP2_NV_FLAG_NONE});
}

void Session::reset(const Transfer& transfer, std::uint32_t code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, transfer.id, code);
  wake();
}

void Session::terminate(std::uint32_t code) {
  nghttp2_session_terminate_session(session_, code);
  wake();
}

void Session::note(Transfer& transfer, std::uint32_t news) {
  if (transfer.end == nullptr) return;
  if (transfer.news == 0) told_next_.push_back(transfer.shared_from_this());
  transfer.news |= news;
}

void Session::fail(Transfer& transfer) {
  transfer.out.cut = true;
  transfer.closed = true;
  note(transfer, gone);
  loop().after(Duration{}, [self = shared_from_this()] { self->tell(); });  // never within the call
}

// Whoever waits for the news goes on within this, and may end streams and begin others.
void Session::tell() {
  while (!told_next_.empty()) {
    for (const auto& transfer : std::exchange(told_next_, {})) {
      const std::uint32_t news = std::exchange(transfer->news, 0);
      if (transfer->end != nullptr && news != 0) transfer->end->readiness().ready(news);
    }
  }
}

// ---- What comes

void Session::content_came(Transfer& transfer, std::string_view bytes) {
  if (!holds_connection_back()) nghttp2_session_consume_connection(session_, bytes.size());
  transfer.in.add_content(bytes);
  give_room(transfer);
  note(transfer, EPOLLIN);
}

void Session::give_room(Transfer& transfer) {
  const std::size_t consumed = transfer.in.take_consumed();
  if (consumed == 0 || over_) return;
  if (holds_connection_back()) nghttp2_session_consume_connection(session_, consumed);
  if (!transfer.closed) nghttp2_session_consume_stream(session_, transfer.id, consumed);
  if (nghttp2_session_want_write(session_) != 0) wake();
}

void Session::stream_closed(std::int32_t id, std::uint32_t code) {
  const auto known = transfers_.find(id);
  if (known == transfers_.end()) return;
  const std::shared_ptr<Transfer> transfer = known->second;
  transfers_.erase(known);
  if (heading_ == id) heading_ = 0;
  nghttp2_session_set_stream_user_data(session_, id, nullptr);
  last_news_ = loop().now();
  stream_ended(*transfer);
  transfer->closed = true;
  const bool whole = transfer->in.ended() && code == NGHTTP2_NO_ERROR;
  note(*transfer, whole ? std::uint32_t{EPOLLIN | EPOLLOUT} : gone);
  if (transfer->end != nullptr) return;
  transfer->in.abandon();
  give_room(*transfer);
}

bool Session::take_frames(std::span<const char> bytes) {
  came_ += bytes.size();
  const auto* const data = bytes_of({bytes.data(), bytes.size()});
  const ssize_t taken = nghttp2_session_mem_recv(session_, data, bytes.size());
  if (taken < 0) return false;
  if (came_ / useless_share > useful_ + useless_max) terminate(NGHTTP2_ENHANCE_YOUR_CALM);
  return true;
}

// Until when the peer may go on as it does. Streams have their own patience in whoever serves them, but that begins
// only once their headers are whole.
Instant Session::silent_until() const {
  if (heading_ != 0 && transfers_.contains(heading_)) return heading_since_ + idle_;
  return transfers_.empty() ? last_news_ + idle_ : Instant::never();
}

Co<void> Session::read_loop() {
  while (!over_) {
    const bool came = co_await below_->readiness().readable(idle_);
    if (over_ || ending()) break;
    // What has come may be just one more drop.
    if (silent_until() <= loop().now()) terminate(NGHTTP2_NO_ERROR);
    if (!came) continue;
    const std::span<char> space = thread_space();
    const auto got = below_->try_read(space);
    if (!got) continue;
    if (got->count == 0 || !take_frames(space.first(got->count))) break;
    after_frames();
    tell();
    if (nghttp2_session_want_write(session_) != 0 || finished()) wake();
    if (read_share_.used_up(got->count)) co_await loop().next_round();
  }
}

// ---- What goes

bool Session::take_head(Transfer& transfer, std::string_view& text) {
  Outbound& out = transfer.out;
  const std::size_t before = out.head.size();
  out.head += text;
  const std::size_t length = http::head_length(out.head, before);
  if (length == 0) {
    text = {};
    return true;
  }
  text.remove_prefix(length - before);
  out.head.resize(length);
  return read_head(transfer);
}

// What its writer has written is no HTTP/1.1: its reader does not wait for an answer to that.
Trouble Session::fail_writing(Transfer& transfer) {
  if (transfer.id > 0) reset(transfer, NGHTTP2_INTERNAL_ERROR);
  fail(transfer);
  return Trouble::reset;
}

Trouble Session::write(Transfer& transfer, Stream::Slices& slices) {
  Outbound& out = transfer.out;
  if (Stream::all_taken(slices)) return Trouble::none;
  if (over_ || transfer.closed || out.cut) return Trouble::reset;
  for (std::string_view& slice : slices) {
    while (!slice.empty()) {
      if (!out.head_whole) {
        if (!take_head(transfer, slice)) return fail_writing(transfer);
      } else if (out.whole()) {
        slice = {};
      } else if (out.content.size() >= Outbound::capacity) {
        out.full = true;
        transfer.end->readiness().write_again();
        go_on(transfer);
        return Trouble::none;
      } else if (!out.take(slice)) {
        return fail_writing(transfer);
      }
    }
  }
  go_on(transfer);
  return Trouble::none;
}

void Session::go_on(Transfer& transfer) {
  Outbound& out = transfer.out;
  if (!out.head_whole || out.sent) return;
  if (!out.submitted) {
    out.submitted = true;
    nghttp2_data_provider provider{.source = {.ptr = &transfer}, .read_callback = Callbacks::content_wanted};
    const bool only_head = out.whole() && out.content.empty() && out.body.trailers().empty();
    submit_head(transfer, only_head ? nullptr : &provider);
  } else if (out.waits && (!out.content.empty() || out.whole() || out.cut)) {
    out.waits = false;
    nghttp2_session_resume_data(session_, transfer.id);
  }
  wake();
}

std::ptrdiff_t Session::content_wanted(Transfer& transfer, std::size_t most, std::uint32_t& flags) {
  Outbound& out = transfer.out;
  const std::size_t count = std::min(most, out.content.size());
  if (count == 0 && !out.whole()) {
    if (out.cut) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // RST_STREAM: it sees that this is not all
    out.waits = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (out.whole() && count == out.content.size()) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!out.body.trailers().empty()) {
      flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      submit_trailers(transfer);
    }
  }
  return static_cast<std::ptrdiff_t>(count);
}

void Session::submit_trailers(Transfer& transfer) {
  fields_.clear();
  for (std::string_view rest = transfer.out.body.trailers(); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    rest.remove_prefix(line.size());
    const std::size_t colon = line.find(':');
    add_field(fields_, line.substr(0, colon), trim(line.substr(colon + 1, line.size() - colon - 3)));  // without CR LF
  }
  nghttp2_submit_trailer(session_, transfer.id, fields_.data(), fields_.size());
}

void Session::send_content(Transfer& transfer, const std::uint8_t* frame_head, std::size_t length) {
  Outbound& out = transfer.out;
  *batch_ += text_of(frame_head, frame_head_size);
  *batch_ += out.content.text().substr(0, length);
  out.content.drop(length);
  if (out.full && out.content.size() <= Outbound::capacity / 2) {
    out.full = false;
    note(transfer, EPOLLOUT);
  }
}

bool Session::fill(std::string& batch) {
  batch.clear();
  batch_ = &batch;
  ssize_t count = 1;
  while (count > 0 && batch.size() < batch_max) {
    const std::uint8_t* bytes = nullptr;
    count = nghttp2_session_mem_send(session_, &bytes);
    if (count > 0) batch += text_of(bytes, static_cast<std::size_t>(count));
  }
  batch_ = nullptr;
  return count >= 0;
}

bool Session::finished() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

Co<void> Session::write_loop() {
  while (!over_) {
    std::string& batch = thread_batch();
    if (!fill(batch)) break;
    const std::size_t size = batch.size();
    Stream::Slices slices{batch, {}, {}};
    Trouble trouble = size == 0 ? Trouble::none : below_->try_write(slices);
    if (trouble == Trouble::none && !slices[0].empty()) {
      const std::string rest(slices[0]);
      trouble = co_await below_->write(rest, idle_);
    }
    if (trouble != Trouble::none) break;
    tell();
    orderly_ = !over_ && finished();
    if (orderly_) break;
    if (size == 0)
      co_await wake_.wait();
    else if (write_share_.used_up(size))
      co_await loop().next_round();
  }
  break_off();
  writer_ended_.tell();
}

// ---- Beginning and end

// No stream goes on. Whoever uses one is told.
void Session::break_off() {
  if (std::exchange(over_, true)) return;
  for (const auto& [id, transfer] : std::exchange(transfers_, {})) {
    transfer->closed = true;
    note(*transfer, transfer->in.ended() && transfer->out.sent ? std::uint32_t{EPOLLIN | EPOLLOUT} : gone);
  }
  wake();
  below_->readiness().cancel();
  tell();
}

Co<void> Session::run() {
  const std::shared_ptr<Session> self = shared_from_this();
  const std::array<nghttp2_settings_entry, 3> settings{
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, streams_max},
       {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, std::uint32_t{64} * 1024},
       {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}}};
  const bool server = nghttp2_session_check_server_session(session_) != 0;
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), server ? 2 : 3);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, connection_window);
  reactor::start(write_loop());
  co_await read_loop();
  break_off();
  while (!co_await writer_ended_.wait()) continue;
  if (orderly_ && !below_->hung_up()) co_await http::linger(*below_);
}

void Session::drop_end(Transfer& transfer) {
  transfer.end = nullptr;
  if (over_) return;
  transfer.in.abandon();
  give_room(transfer);
  end_dropped(transfer);
}

End::End(std::shared_ptr<Session> session, std::shared_ptr<Transfer> transfer)
    : EndReadiness(session->loop()), Stream(own), session_(std::move(session)), transfer_(std::move(transfer)) {
  transfer_->end = this;
  own.ready(session_->over() ? gone : EPOLLOUT | (transfer_->in.readable() ? std::uint32_t{EPOLLIN} : 0));
}

End::~End() { session_->drop_end(*transfer_); }

std::optional<Stream::Read> End::try_read(std::span<char> space) {
  Inbound& in = transfer_->in;
  const std::size_t count = in.read(space);
  session_->give_room(*transfer_);
  if (count > 0) {
    if (!in.readable() && !in.ended() && !transfer_->closed) own.read_again();
    return Read{count, Trouble::none};
  }
  if (session_->all_read(*transfer_)) return Read{};
  if (session_->over() || transfer_->closed) return Read{0, Trouble::reset};
  own.read_again();
  return {};
}

Trouble End::try_write(Slices& slices) { return session_->write(*transfer_, slices); }

void End::shut_down() {
  if (!session_->over() && !transfer_->closed && transfer_->id > 0) session_->reset(*transfer_, NGHTTP2_CANCEL);
  session_->fail(*transfer_);
}

void End::end_writing() { own.ready(EPOLLIN); }

}  // namespace utakata::http2
