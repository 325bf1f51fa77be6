#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "http/head_view.hpp"
#include "http2/transfer.hpp"
#include "reactor/event.hpp"
#include "reactor/fair_share.hpp"
#include "reactor/stream.hpp"

// What both ends of an HTTP/2 connection have in common: frames are read and written here, and every HTTP/2 stream has
// an end in memory that looks like a connection of HTTP/1.1.
namespace utakata::http2 {

inline constexpr std::uint32_t streams_max = 128;  // at a time on a connection
inline constexpr std::size_t frame_head_size = 9;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session();

  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] reactor::Loop& loop() const { return below_->loop(); }
  [[nodiscard]] reactor::Address peer() const { return below_->peer(); }

 protected:
  /// `idle`: how long it is kept without streams, how long the peer may take nothing, and within what time the headers
  /// of a stream come.
  Session(std::unique_ptr<reactor::Stream> below, Duration idle);
  void begin(nghttp2_session* session) { session_ = session; }
  static const nghttp2_session_callbacks* callbacks();
  static const nghttp2_option* options();

  /// Reads and writes until the connection ends.
  reactor::Co<void> run();

  virtual void frame_begins(const nghttp2_frame_hd&) {}
  /// Null: the stream is refused.
  virtual std::shared_ptr<Transfer> begin_headers(const nghttp2_frame&) = 0;
  virtual bool add_header(Transfer&, std::string_view name, std::string_view value) = 0;
  virtual void end_headers(Transfer&, const nghttp2_frame&) = 0;
  virtual void frame_came(const nghttp2_frame&) {}
  virtual void message_sent(Transfer&) {}
  virtual void stream_ended(const Transfer&) {}
  /// What has come has been looked at, and coroutines may run.
  virtual void after_frames() {}
  /// The head that is whole in `transfer.out.head`: reads it, and prepares for its body. False: it is none.
  virtual bool read_head(Transfer&) = 0;
  virtual void submit_head(Transfer&, const nghttp2_data_provider*) = 0;
  virtual void end_dropped(Transfer&) = 0;
  /// After this message the reader of the stream has nothing to wait for.
  [[nodiscard]] virtual bool all_read(const Transfer&) const = 0;
  /// Content gives room on the connection when it has been read; else as soon as it has come.
  [[nodiscard]] virtual bool holds_connection_back() const = 0;
  [[nodiscard]] virtual bool ending() const = 0;

  void add(const std::shared_ptr<Transfer>& transfer) { transfers_[transfer->id] = transfer; }
  [[nodiscard]] bool knows(std::int32_t id) const { return transfers_.contains(id); }
  [[nodiscard]] std::size_t open_streams() const { return transfers_.size(); }
  void reset(const Transfer&, std::uint32_t code);
  void terminate(std::uint32_t code);
  void note(Transfer&, std::uint32_t news);
  /// The stream comes to nothing.
  void fail(Transfer&);
  void wake() { wake_.tell(); }
  /// Says to nghttp2 what it does not know yet of the message that goes.
  void go_on(Transfer&);

  [[nodiscard]] nghttp2_session* session() const { return session_; }
  std::vector<nghttp2_nv>& fields() { return fields_; }
  static void add_field(std::vector<nghttp2_nv>&, std::string_view name, std::string_view value);

 private:
  friend class End;
  friend struct Callbacks;
  reactor::Trouble write(Transfer&, reactor::Stream::Slices&);
  reactor::Trouble fail_writing(Transfer&);
  bool take_head(Transfer&, std::string_view& text);
  void give_room(Transfer&);
  void drop_end(Transfer&);
  void content_came(Transfer&, std::string_view);
  void submit_trailers(Transfer&);
  std::ptrdiff_t content_wanted(Transfer&, std::size_t most, std::uint32_t& flags);
  void send_content(Transfer&, const std::uint8_t* frame_head, std::size_t length);
  void stream_closed(std::int32_t id, std::uint32_t code);

  reactor::Co<void> read_loop();
  reactor::Co<void> write_loop();
  bool take_frames(std::span<const char> bytes);
  bool fill(std::string& batch);
  [[nodiscard]] Instant silent_until() const;
  [[nodiscard]] bool finished() const;
  void break_off();
  void tell();

  std::unique_ptr<reactor::Stream> below_;
  Duration idle_;
  nghttp2_session* session_ = nullptr;
  bool over_ = false;
  bool orderly_ = false;  // it has ended after the last that had to be sent
  std::unordered_map<std::int32_t, std::shared_ptr<Transfer>> transfers_;
  std::vector<std::shared_ptr<Transfer>> told_next_;
  std::vector<nghttp2_nv> fields_;  // used again for each head
  std::string* batch_ = nullptr;    // while one is filled
  std::uint64_t came_ = 0, useful_ = 0;
  Instant last_news_;         // when there was a stream or a frame began
  std::int32_t heading_ = 0;  // the stream whose headers are coming; 0: none
  Instant heading_since_;
  reactor::Event wake_, writer_ended_;
  reactor::FairShare read_share_, write_share_;
};

struct EndReadiness {
  explicit EndReadiness(reactor::Loop& loop) : own(loop) {}
  reactor::Readiness own;
};

/// The other end of a stream. When it goes, so does the stream, unless its message has been written whole.
class End final : private EndReadiness, public reactor::Stream {
 public:
  End(std::shared_ptr<Session>, std::shared_ptr<Transfer>);
  ~End() override;

  std::optional<Read> try_read(std::span<char> space) override;
  reactor::Trouble try_write(Slices&) override;
  [[nodiscard]] reactor::Address peer() const override { return session_->peer(); }
  void shut_down() override;
  void end_writing() override;

 private:
  std::shared_ptr<Session> session_;
  std::shared_ptr<Transfer> transfer_;
};

}  // namespace utakata::http2
