#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "balancer/fates.hpp"
#include "balancer/log_files.hpp"
#include "balancer/record.hpp"
#include "reactor/loop.hpp"
#include "reactor/stream.hpp"

// A line for each request in the form of AWS's access logs (facts: platform.md A7).
namespace utakata::balancer {

/// What a line says of the request itself. Copied when the head is there, as its bytes are gone when the request ends.
struct RequestText {
  std::string type = "http";                                   // http, https, h2, grpcs, ws, wss
  std::string method, scheme = "http", host, target, version;  // empty method: what came is no request
  i32 port = 0;                                                // of the listener
  std::string user_agent, trace_id;
  std::string tls_cipher, tls_protocol, server_name, certificate_arn;
  std::string group_arn, target_address;  // "10.0.0.1:80"; empty: no target was found
  std::string rule_priority;              // empty: no rule was met
  std::string action, redirect_url, error_reason;
  std::string classification, classification_reason;
};

struct AccessLogEntry {
  std::string_view load_balancer;  // "app/web/50dc6c495c0c9188"
  const reactor::Address& client;
  std::string_view connection_id;  // "TID_..."
  const RequestText& request;
  const Record& record;
  Cause cause;
};

/// Adds the line and its end.
void append_line(std::string& out, const AccessLogEntry&);

/// A name that nobody else has for a client's connection: conn_trace_id.
std::string new_connection_id();

/// The lines of one load balancer on their way to its files. They leave the loop's thread once a second, or when they
/// have become many. To be made by std::make_shared.
class AccessLog : public std::enable_shared_from_this<AccessLog> {
 public:
  AccessLog(reactor::Loop&, LogFiles&, LogSource);
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  ~AccessLog() { hand_over(); }

  [[nodiscard]] const LogSource& place() const { return *place_; }
  void add(const AccessLogEntry&);

 private:
  void hand_over();

  reactor::Loop& loop_;
  LogFiles& files_;
  std::shared_ptr<const LogSource> place_;
  std::string lines_;
  bool will_be_handed_over_ = false;
};

}  // namespace utakata::balancer
