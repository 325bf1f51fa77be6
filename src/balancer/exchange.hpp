#pragma once

#include "balancer/body_relay.hpp"
#include "balancer/destination.hpp"
#include "balancer/record.hpp"
#include "balancer/rewrite.hpp"
#include "balancer/routing.hpp"
#include "balancer/state.hpp"
#include "http/body.hpp"
#include "reactor/event.hpp"
#include "reactor/fair_share.hpp"

// One request on its way to a target, and its answer back.
namespace utakata::balancer {

/// What of a request is needed even when the bytes of its head are gone.
struct Incoming {
  http::BodyFraming body;
  bool head_method = false;
  bool old_client = false;  // of HTTP/1.0, which knows no chunks
  bool keep_alive = true;
  bool websocket = false;
  bool expects_continue = false;
  bool close_connections = false;  // after the answer: the request was ambiguous (desync.hpp)
  bool idempotent = false;         // by its method: once or twice comes to the same
  Binding binding;                 // of the answer
};

/// How one request ended: what is counted, and whether the client's connection is still good.
struct Ended {
  Cause cause = Cause::ok;
  int own_status = 0;  // of the balancer's own answer
  bool keep_alive = true;
  bool sent = false;  // that answer; else it is still to be sent
};

/// Whether a client that has ended its sending side has closed altogether: what it was sent just now has told.
reactor::Co<bool> has_left(const reactor::Stream& client);
/// The client had left before the first of its answer, which nobody has heard: it is as if there had been none.
/// `sent_before`: bytes that it was sent until then.
void forget_answer(Record&, i64 sent_before);

inline constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

/// A busy connection to a target, in flight until it goes out of scope.
class Lease {
 public:
  Lease(Shared&, std::shared_ptr<Target>);
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();

  [[nodiscard]] reactor::Stream& stream() const { return *stream_; }
  [[nodiscard]] Target& target() const { return *target_; }
  bool take_kept();
  void use(std::unique_ptr<reactor::Stream>);
  void drop();  // the connection; the target stays the same
  void set_reusable() { reusable_ = true; }

 private:
  Shared& shared_;
  std::shared_ptr<Target> target_;
  std::unique_ptr<reactor::Stream> stream_;
  Busy busy_;
  bool reusable_ = false;
};

class Exchange {
 public:
  /// `zone` is where the node stands that got the request.
  Exchange(Shared& shared, Running& running, const BalancerConfig& config, reactor::Stream& client,
           std::unique_ptr<Workspace>& work, const Incoming& request, Record& record, std::string_view zone = {})
      : shared_(shared),
        running_(running),
        config_(config),
        client_(client),
        work_(work),
        request_(request),
        record_(record),
        zone_(zone),
        reader_(request.body),
        upload_ended_(shared.loop),
        upload_share_(shared.loop, relay_share),
        answer_share_(shared.loop, relay_share) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// The request's head is in the workspace, rewritten; what follows it is the body, as far as it has come. Where the
  /// group retries, `to` is the target that was tried last.
  reactor::Co<Ended> forward(Destination& to);

 private:
  enum class Upload : std::uint8_t {
    running,
    whole,             // all of the body has gone to the target
    malformed,         // 400
    ended_early,       // 400
    client_timed_out,  // 408
    client_reset,
    target_stopped,  // it takes no more; its answer still counts
    given_up,        // the exchange ends without it
  };
  enum class Got : std::uint8_t { bytes, end, reset, timed_out, interrupted };

  reactor::Co<Ended> try_target(Lease&, std::string_view first_content);
  reactor::Co<bool> connect(Lease&, Ended&);
  [[nodiscard]] bool may_try_again(const Ended&) const;
  bool move_on(Destination& to, const Ended&);
  void let_go();
  reactor::Co<Dialled> dial(const Target&);
  reactor::Co<Dialled> open_stream(Target&);
  reactor::Co<void> upload(reactor::Stream& to);
  reactor::Co<Upload> upload_rest(reactor::Stream& to);
  reactor::Co<void> end_upload(Lease&);
  reactor::Co<Got> more(reactor::Stream&);
  reactor::Co<Ended> relay_answer(Lease&);
  reactor::Co<Ended> relay_body(Lease&, http::BodyFraming, std::size_t head_length);
  // Whether this 101 is the one that the client has asked for.
  [[nodiscard]] bool accepts_websocket(const http::ResponseHeadView& answer) const;
  reactor::Co<Ended> become_tunnel(Lease&, std::size_t head_length);
  reactor::Co<reactor::Trouble> send(reactor::Stream& to, reactor::Stream::Slices);

  [[nodiscard]] std::string own_lines(const Lease&) const;
  void watch_client(reactor::Stream& upstream);
  [[nodiscard]] bool upload_failed() const;
  [[nodiscard]] Duration idle() const { return seconds(config_.idle_timeout_seconds); }
  [[nodiscard]] Ended lost(const Lease&, Cause, int status) const;
  [[nodiscard]] Ended lost(const Lease&, Got) const;
  [[nodiscard]] Ended cut(const Lease&, Got) const;

  Shared& shared_;
  Running& running_;
  const BalancerConfig& config_;
  reactor::Stream& client_;
  std::unique_ptr<Workspace>& work_;  // another one after each wait, when nothing was in it
  const Incoming& request_;
  Record& record_;  // of what goes on here
  std::string_view zone_;
  http::BodyReader reader_;  // of the request's body
  std::vector<const Candidate*> tried_;
  Duration connect_timeout_;    // the group's
  std::size_t first_used_ = 0;  // bytes in the workspace that were sent with the head
  bool sent_ = false;           // the target may have seen something of the request
  bool answered_ = false;       // something has come from it
  bool held_ = false;           // head and body stay in the workspace, to be sent again
  bool unheard_ = false;        // the client had ended its sending side before the answer, and may have left
  std::string chunk_begin_, chunk_end_;
  Upload upload_ = Upload::whole;
  Instant progress_;  // when something went on in either direction
  reactor::Event upload_ended_;
  reactor::FairShare upload_share_, answer_share_;
};

}  // namespace utakata::balancer
