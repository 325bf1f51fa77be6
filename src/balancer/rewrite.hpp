#pragma once

#include <string>

#include "base/types.hpp"
#include "core/balancer_config.hpp"
#include "http/head_view.hpp"

// Heads as they go on: what is of one connection only goes, what says where the request came from is added, and how the
// body is framed is said once, as we have read it.
namespace utakata::balancer {

struct RequestFacts {
  const BalancerConfig& config;
  i32 port = 80;          // of the listener
  std::string_view peer;  // the client's address
  i32 peer_port = 0;
  std::string_view host;    // as the client sent it, or of the absolute target; may be empty
  std::string_view target;  // path and query
  http::BodyFraming body;
  bool websocket = false;                              // a WebSocket handshake, which goes on as one
  bool irregular = false;                              // not compliant in desync.hpp's sense
  bool trailers = false;                               // the target may answer with some
  std::string_view tls_version = {}, tls_cipher = {};  // of the client's connection; empty: none
};
/// What X-Amzn-Trace-Id says of a request: the caller's trace with our part, or a new one.
std::string trace_id(const http::RequestHeadView&);
/// Replaces `out`.
void write_request_head(const http::RequestHeadView&, const RequestFacts&, std::string& out);

struct AnswerFacts {
  bool chunked = false;  // we chunk the body
  bool keep_alive = true;
  bool websocket = false;           // 101
  std::string_view own_lines = {};  // that are added
};
void write_answer_head(const http::ResponseHeadView&, const AnswerFacts&, std::string& out);

/// The path and query of an absolute target, and its host; false if the target is neither that nor a path (nor `*`).
struct TargetParts {
  std::string_view host;  // with its port, empty for a path
  std::string_view path;
};
/// A Host header's name.
std::string_view without_port(std::string_view host);
/// What may stand in a Host header (RFC 3986, with a port); empty is none.
bool is_host(std::string_view);
bool split_target(std::string_view method, std::string_view target, TargetParts&);

}  // namespace utakata::balancer
