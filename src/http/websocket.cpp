#include "http/websocket.hpp"

#include <utility>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "reactor/random.hpp"

namespace utakata::http {
namespace {

constexpr std::size_t websocket_read_size = 64 * 1024;
constexpr std::size_t pongs_max = 4 * 1024 * 1024;  // bytes that wait while a peer sends pings
constexpr std::size_t write_size = 256 * 1024;      // given to the kernel at once

}  // namespace

WebSocket::WebSocket(reactor::Stream& stream, WebSocketSide side, WebSocketLimits limits, std::string arrived)
    : stream_(stream),
      side_(side),
      reader_(side, limits),
      arrived_(std::move(arrived)),
      mask_seed_(side == WebSocketSide::client ? reactor::random_number() : 0),
      queued_(stream.loop()) {}

// Masks guard proxies against what a page's script chooses to send (§10.3); they are no secret to the peer.
std::string WebSocket::mask() {
  std::string bytes;
  if (side_ == WebSocketSide::client) append_big_endian(bytes, mix(++mask_seed_) >> 32, 4);
  return bytes;
}

void WebSocket::send(Opcode opcode, std::string_view payload) {
  if (closing_) return;
  queue_ += print_frame(opcode, payload, mask());
  queued_.tell();
}

void WebSocket::close(int code, std::string_view reason) {
  if (std::exchange(closing_, true)) return;
  queue_ += print_close(code, reason, mask());
  queued_.tell();
}

std::optional<WebSocketMessage> WebSocket::next_data() {
  while (!messages_.empty() && !ended_) {
    WebSocketMessage message = std::move(messages_.front());
    messages_.erase(messages_.begin());
    if (message.kind == Opcode::text || message.kind == Opcode::binary) return message;
    if (message.kind == Opcode::ping && unsent() > pongs_max) {
      ended_ = true;  // it asks and does not read the answers
      stream_.shut_down();
      break;
    }
    if (message.kind == Opcode::ping) send(Opcode::pong, message.bytes);
    if (message.kind != Opcode::close) continue;
    ended_ = true;
    peer_reason_ = message.bytes;
    close(message.code == 1005 ? close_code::normal : message.code, "");
  }
  return {};
}

reactor::Co<std::optional<WebSocketMessage>> WebSocket::receive() {
  std::string space(websocket_read_size, '\0');
  while (!ended_) {
    if (!arrived_.empty()) {
      if (const auto broken = reader_.take(std::exchange(arrived_, {}), messages_)) {
        // What was whole before the violation is dropped with it: its sender cannot be trusted.
        ended_ = true;
        close(broken->code, broken->why);
        break;
      }
    }
    if (auto message = next_data()) co_return message;
    if (ended_) break;
    const auto got = co_await stream_.read(space);
    if (got.count == 0) {
      lost_ = true;
      break;
    }
    arrived_.assign(space.data(), got.count);
  }
  ended_ = true;
  co_return std::nullopt;
}

reactor::Co<void> WebSocket::write_out(Duration patience) {
  while (true) {
    if (queue_.empty()) {
      if (closing_) break;
      co_await queued_.wait();
      continue;
    }
    const std::string piece = queue_.size() <= write_size ? std::exchange(queue_, {}) : queue_.substr(0, write_size);
    if (!queue_.empty()) queue_.erase(0, piece.size());
    writing_ = piece.size();
    const reactor::Trouble trouble = co_await stream_.write(piece, patience);
    writing_ = 0;
    if (trouble != reactor::Trouble::none) {
      queue_.clear();
      closing_ = true;
      stream_.shut_down();
      break;
    }
    if (on_written) on_written();
  }
  stream_.end_writing();
  if (on_written) on_written();
}

reactor::Co<OpenedWebSocket> open_websocket(reactor::Loop& loop, reactor::Address address, std::string host,
                                            std::string target, Duration patience) {
  OpenedWebSocket opened;
  auto connected = co_await reactor::connect_tcp(loop, std::move(address), patience);
  if (!connected.stream) {
    opened.why = cat("nothing listens at ", host);
    co_return opened;
  }
  std::string nonce;
  for (int i = 0; i < 2; ++i) append_big_endian(nonce, reactor::random_number(), 8);
  const std::string key = base64_encode(nonce);
  const std::string request = cat("GET ", target, " HTTP/1.1\r\nHost: ", host,
                                  "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: ",
                                  key, "\r\n\r\n");
  co_await connected.stream->write(request, patience);
  std::string answer;
  std::string space(websocket_read_size, '\0');
  std::size_t length = 0;
  while ((length = head_length(answer)) == 0) {
    const auto got = co_await connected.stream->read(space, patience);
    if (got.count == 0 || answer.size() > HeadLimits{}.all) {
      opened.why = cat(host, " did not answer the WebSocket handshake");
      co_return opened;
    }
    answer.append(space.data(), got.count);
  }
  ResponseHead head;
  if (parse_response_head(std::string_view(answer).substr(0, length), false, head) || head.status != 101 ||
      head.headers.find("sec-websocket-accept") == nullptr ||
      *head.headers.find("sec-websocket-accept") != websocket_accept(key)) {
    opened.why = cat(host, " refused the WebSocket handshake with status ", head.status);
    co_return opened;
  }
  opened.arrived = answer.substr(length);
  opened.stream = std::move(connected.stream);
  co_return opened;
}

}  // namespace utakata::http
