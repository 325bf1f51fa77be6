#pragma once

#include <memory>
#include <string>

#include "reactor/stream.hpp"
#include "tls/context.hpp"

namespace utakata::tls {

/// What the two ends have agreed upon.
struct Negotiated {
  std::string_view version;  // "TLSv1.3"
  std::string_view cipher;   // OpenSSL's name, "ECDHE-RSA-AES128-GCM-SHA256"
  std::string protocol;      // by ALPN; empty: none
  std::string server_name;   // that the client asked for; empty: none
  bool resumed = false;      // an earlier session goes on
};

/// TLS over a TCP connection. handshake() comes first, and everything else after it has succeeded. A peer that ends TCP
/// without saying so in TLS has cut its bytes off: Trouble::reset, unless accept_any_end() was called.
class TlsStream final : public reactor::Stream {
 public:
  static std::unique_ptr<TlsStream> server(std::unique_ptr<reactor::TcpStream>, std::shared_ptr<ServerContext>,
                                           ChooseContext = {});
  /// `name`: the host asked for, and the one the certificate must be for if the context verifies; may be empty.
  static std::unique_ptr<TlsStream> client(std::unique_ptr<reactor::TcpStream>, std::shared_ptr<ClientContext>,
                                           const std::string& name = {});
  ~TlsStream() override;

  /// Of a client, before the handshake: the one protocol of ALPN to offer, in place of the context's.
  void offer(const std::string& protocol);
  /// The end of TCP is the peer's end, too. For those who carry bytes of a protocol that they do not know: it has ways
  /// of its own to tell where it ends, and many of its clients leave out what TLS has for that.
  void accept_any_end();

  reactor::Co<reactor::Trouble> handshake(Duration patience);
  [[nodiscard]] const Negotiated& negotiated() const { return negotiated_; }
  /// Why the handshake failed, in OpenSSL's words.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  /// The domain names of the peer's certificate; none if it has shown none.
  [[nodiscard]] std::vector<std::string> peer_names() const;
  [[nodiscard]] reactor::TcpStream& below() const { return *tcp_; }
  [[nodiscard]] SSL* handle() const { return ssl_.get(); }
  /// For the context's own use: what the client means by this name; null: what it began with.
  const ServerContext* choose_context(std::string_view name);
  [[nodiscard]] TicketKeys& ticket_keys() const { return server_->ticket_keys(); }

  std::optional<Read> try_read(std::span<char> space) override;
  reactor::Trouble try_write(Slices&) override;
  [[nodiscard]] reactor::Address peer() const override { return tcp_->peer(); }
  void shut_down() override { tcp_->shut_down(); }
  /// Says so in TLS and in TCP; what comes can still be read.
  void end_writing() override;

 private:
  TlsStream(std::unique_ptr<reactor::TcpStream>, std::shared_ptr<ServerContext>, std::shared_ptr<ClientContext>);

  // OpenSSL reads from and writes to the socket by these; a write never waits.
  struct Bottom;
  int receive(char* space, int size);
  bool collect(std::string_view sealed);

  int begin_and_do_handshake();
  void begin_call();
  void settle_readable();
  reactor::Trouble fail(int why);
  reactor::Trouble flush();
  reactor::Trouble encrypt(const Slices&);
  void note_agreement();
  reactor::Co<reactor::Trouble> wait_flushed(Instant deadline);

  std::shared_ptr<reactor::TcpStream> tcp_;  // also of a goodbye that the socket has no room for yet
  std::shared_ptr<ServerContext> server_;    // one of the two is null
  std::shared_ptr<ClientContext> client_;
  ChooseContext choose_;
  Connection ssl_;
  Negotiated negotiated_;
  std::string complaint_;
  std::string unsent_;        // sealed, but the socket has no room for it
  std::size_t accepted_ = 0;  // bytes at the front of what is offered to try_write that are in `unsent_`
  reactor::Trouble trouble_ = reactor::Trouble::none;  // for good
  reactor::Trouble socket_trouble_ = reactor::Trouble::none;
  bool socket_ended_ = false;  // which is a trouble, too
  bool drained_ = false;       // in this call: the socket has nothing more
  int receives_ = 0;           // in this call
  bool ended_writing_ = false;
};

}  // namespace utakata::tls
