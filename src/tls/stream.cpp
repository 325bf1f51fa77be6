#include "tls/stream.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "x509/pem.hpp"

namespace utakata::tls {
namespace {

using reactor::Co;
using reactor::Stream;
using reactor::Trouble;

constexpr std::size_t record_max = SSL3_RT_MAX_PLAIN_LENGTH;
constexpr std::size_t batch_max = 4 * record_max;  // sealed before the socket is tried
constexpr std::size_t unsent_max = 256 * 1024;     // of a peer that makes us speak but does not listen
constexpr Duration goodbye_patience = seconds(10);
constexpr int receives_max = 8;  // in a call that gives no bytes: records that only keep us busy

// What one call of OpenSSL seals, for whichever connection; empty between calls.
std::string& sealed_now() {
  static thread_local std::string space;
  return space;
}

void take(Stream::Slices& slices, std::size_t taken) {
  for (std::string_view& slice : slices) {
    const std::size_t part = std::min(taken, slice.size());
    slice.remove_prefix(part);
    taken -= part;
  }
}

// The bytes for the next record. Small slices are put together, so that a head and its body are one record.
std::string_view next_record(const Stream::Slices& slices) {
  const auto first = std::ranges::find_if(slices, [](std::string_view slice) { return !slice.empty(); });
  const bool alone = std::all_of(first + 1, slices.end(), [](std::string_view slice) { return slice.empty(); });
  if (alone || first->size() >= record_max) return first->substr(0, batch_max);
  static thread_local std::string together;
  together.clear();
  for (const std::string_view slice : slices) together += slice.substr(0, record_max - together.size());
  return together;
}

// Takes what the socket has room for from the front.
Trouble send_some(reactor::TcpStream& to, std::string_view& left) {
  while (!left.empty()) {
    const ssize_t n = send(to.descriptor().fd(), left.data(), left.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      left.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      to.readiness().write_again();
      return Trouble::none;
    } else if (errno != EINTR) {
      return reactor::trouble_of(errno);
    }
  }
  return Trouble::none;
}

// The last bytes of a connection whose socket is full, and its end; whoever had the connection may be gone.
Co<void> say_goodbye(std::shared_ptr<reactor::TcpStream> to, std::string last) {
  std::string_view left = last;
  while (send_some(*to, left) == Trouble::none && !left.empty())
    if (!co_await to->readiness().writable(goodbye_patience)) co_return;
  to->end_writing();
}

bool is_address(const std::string& name) {
  in_addr ignored{};
  return inet_pton(AF_INET, name.c_str(), &ignored) == 1;
}

std::string last_complaint() {
  std::array<char, 256> text{};
  const unsigned long error = ERR_peek_last_error();
  if (error == 0) return {};
  const char* reason = ERR_reason_error_string(error);
  if (reason != nullptr) return reason;
  ERR_error_string_n(error, text.data(), text.size());
  return text.data();
}

}  // namespace

struct TlsStream::Bottom {
  static TlsStream& of(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }
  static int read(BIO* bio, char* space, int size) {
    BIO_clear_retry_flags(bio);
    const int n = of(bio).receive(space, size);
    if (n < 0 && of(bio).socket_trouble_ == Trouble::none) BIO_set_retry_read(bio);
    return n;
  }
  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    return of(bio).collect({bytes, static_cast<std::size_t>(size)}) ? size : -1;
  }
  static long control(BIO* bio, int what, long /*number*/, void* /*pointer*/) {
    if (what == BIO_CTRL_FLUSH || what == BIO_CTRL_DUP) return 1;
    return what == BIO_CTRL_EOF && of(bio).socket_ended_ ? 1 : 0;
  }
  static BIO* make(TlsStream* stream) {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "utakata");
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    BIO* bio = BIO_new(method);
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    return bio;
  }
};

TlsStream::TlsStream(std::unique_ptr<reactor::TcpStream> tcp, std::shared_ptr<ServerContext> server,
                     std::shared_ptr<ClientContext> client)
    : Stream(tcp->readiness()),
      tcp_(std::move(tcp)),
      server_(std::move(server)),
      client_(std::move(client)),
      ssl_(SSL_new(server_ ? server_->handle() : client_->handle())) {
  BIO* bottom = Bottom::make(this);
  SSL_set_bio(ssl_.get(), bottom, bottom);
  SSL_set_app_data(ssl_.get(), this);
}

std::unique_ptr<TlsStream> TlsStream::server(std::unique_ptr<reactor::TcpStream> tcp,
                                             std::shared_ptr<ServerContext> context, ChooseContext choose) {
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(tcp), std::move(context), nullptr));
  stream->choose_ = std::move(choose);
  SSL_set_accept_state(stream->ssl_.get());
  return stream;
}

std::unique_ptr<TlsStream> TlsStream::client(std::unique_ptr<reactor::TcpStream> tcp,
                                             std::shared_ptr<ClientContext> context, const std::string& name) {
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(tcp), nullptr, std::move(context)));
  SSL* ssl = stream->ssl_.get();
  SSL_set_connect_state(ssl);
  const bool address = is_address(name);
  if (!name.empty() && !address) SSL_set_tlsext_host_name(ssl, name.c_str());  // NOLINT: OpenSSL's own cast
  if (!name.empty() && stream->client_->verifies()) {
    if (address)
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str());
    else
      SSL_set1_host(ssl, name.c_str());
  }
  return stream;
}

void TlsStream::offer(const std::string& protocol) {
  const std::string written = static_cast<char>(protocol.size()) + protocol;  // as ALPN writes a list of one
  const void* bytes = written.data();
  SSL_set_alpn_protos(ssl_.get(), static_cast<const unsigned char*>(bytes), static_cast<unsigned>(written.size()));
}

void TlsStream::accept_any_end() { SSL_set_options(ssl_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF); }

TlsStream::~TlsStream() {
  // Else OpenSSL would forget a session that nothing is wrong with.
  if (trouble_ == Trouble::none) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void TlsStream::begin_call() {
  ERR_clear_error();
  drained_ = false;
  receives_ = 0;
}

int TlsStream::receive(char* space, int size) {
  if (socket_trouble_ != Trouble::none) return -1;
  if (drained_ && !hung_up()) return -1;
  if (++receives_ > receives_max) {
    socket_trouble_ = Trouble::protocol;
    return -1;
  }
  while (true) {
    const ssize_t n = recv(tcp_->descriptor().fd(), space, static_cast<std::size_t>(size), 0);
    if (n > 0) {
      // A short read has emptied the socket: the next edge tells when there is more.
      drained_ = n < size;
      return static_cast<int>(n);
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      drained_ = true;
      return -1;
    }
    socket_ended_ = n == 0;
    socket_trouble_ = n == 0 ? Trouble::reset : reactor::trouble_of(errno);
    return n == 0 ? 0 : -1;
  }
}

bool TlsStream::collect(std::string_view sealed) {
  if (sealed_now().size() + unsent_.size() > unsent_max) return false;
  sealed_now() += sealed;
  return true;
}

// The socket gets what has been sealed. What it does not take waits for the next call.
Trouble TlsStream::flush() {
  std::string& sealed = sealed_now();
  if (ended_writing_) {
    sealed.clear();
    return Trouble::none;
  }
  if (!unsent_.empty()) {
    unsent_ += sealed;
    sealed.clear();
  }
  std::string_view left = unsent_.empty() ? sealed : unsent_;
  const Trouble trouble = send_some(*tcp_, left);
  if (unsent_.empty())
    unsent_.assign(left);
  else
    unsent_.erase(0, unsent_.size() - left.size());
  if (unsent_.empty() && unsent_.capacity() > record_max) unsent_.shrink_to_fit();
  sealed.clear();
  return trouble;
}

// Asks for the next edge only when neither the socket nor OpenSSL has anything left.
void TlsStream::settle_readable() {
  if (drained_ && !hung_up() && SSL_has_pending(ssl_.get()) == 0) readiness().read_again();
}

// The connection is of no use any more.
Trouble TlsStream::fail(int why) {
  trouble_ = socket_trouble_ != Trouble::none ? socket_trouble_ : Trouble::protocol;
  if (why == SSL_ERROR_SSL) complaint_ = last_complaint();
  ERR_clear_error();
  return trouble_;
}

Co<Trouble> TlsStream::wait_flushed(Instant deadline) {
  while (!unsent_.empty()) {
    const Duration left = deadline - loop().now();
    if (left.ns <= 0 || !co_await readiness().writable(left)) co_return Trouble::timed_out;
    if (const Trouble trouble = flush(); trouble != Trouble::none) co_return trouble;
  }
  co_return Trouble::none;
}

int TlsStream::begin_and_do_handshake() {
  begin_call();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
}

Co<Trouble> TlsStream::handshake(Duration patience) {
  const bool forever = patience == reactor::Readiness::forever;
  const Instant deadline = forever ? Instant::never() : loop().now() + patience;
  while (true) {
    const int why = begin_and_do_handshake();
    const bool goes_on = why == SSL_ERROR_NONE || why == SSL_ERROR_WANT_READ;
    if (!goes_on) fail(why);
    const Trouble sent = flush();  // also the alert that tells the peer why not
    if (!goes_on) co_return trouble_;
    if (sent != Trouble::none) co_return trouble_ = sent;
    if (why == SSL_ERROR_WANT_READ && !hung_up()) readiness().read_again();
    if (why == SSL_ERROR_NONE) settle_readable();
    if (const Trouble trouble = co_await wait_flushed(deadline); trouble != Trouble::none) co_return trouble_ = trouble;
    if (why == SSL_ERROR_NONE) break;
    const Duration left = deadline - loop().now();
    if (left.ns <= 0 || !co_await readiness().readable(left)) co_return trouble_ = Trouble::timed_out;
  }
  note_agreement();
  co_return Trouble::none;
}

void TlsStream::note_agreement() {
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  negotiated_ = {.version = SSL_get_version(ssl_.get()),
                 .cipher = SSL_get_cipher_name(ssl_.get()),
                 .protocol = std::string(protocol, protocol + size),
                 .server_name = name == nullptr ? "" : name,
                 .resumed = SSL_session_reused(ssl_.get()) == 1};
}

const ServerContext* TlsStream::choose_context(std::string_view name) {
  auto chosen = choose_ ? choose_(name) : nullptr;
  if (!chosen || chosen == server_) return nullptr;
  server_ = std::move(chosen);
  return server_.get();
}

std::vector<std::string> TlsStream::peer_names() const {
  const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  return certificate == nullptr ? std::vector<std::string>() : x509::domain_names(*certificate);
}

std::optional<Stream::Read> TlsStream::try_read(std::span<char> space) {
  if (trouble_ != Trouble::none) return Read{0, trouble_};
  begin_call();
  std::size_t count = 0;
  int why = SSL_ERROR_NONE;
  while (why == SSL_ERROR_NONE && count < space.size()) {
    std::size_t n = 0;
    const int result = SSL_read_ex(ssl_.get(), space.data() + count, space.size() - count, &n);
    if (result != 1) why = SSL_get_error(ssl_.get(), result);
    count += n;
    if (drained_ && SSL_has_pending(ssl_.get()) == 0) break;
    receives_ = 0;
  }
  if (why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN) fail(why);
  flush();  // an alert, say; a trouble of sending is the next writer's
  if (why == SSL_ERROR_WANT_READ && !hung_up())
    readiness().read_again();
  else
    settle_readable();
  if (count > 0) return Read{count, Trouble::none};
  if (why == SSL_ERROR_WANT_READ) return {};
  return Read{0, trouble_};
}

// Seals what a batch holds of the slices.
Trouble TlsStream::encrypt(const Slices& slices) {
  Slices rest = slices;
  while (accepted_ < batch_max && !all_taken(rest)) {
    const std::string_view record = next_record(rest);
    std::size_t n = 0;
    const int result = SSL_write_ex(ssl_.get(), record.data(), record.size(), &n);
    if (result != 1) return fail(SSL_get_error(ssl_.get(), result));
    accepted_ += n;
    take(rest, n);
  }
  return Trouble::none;
}

Trouble TlsStream::try_write(Slices& slices) {
  if (trouble_ != Trouble::none) return trouble_;
  begin_call();
  while (true) {
    const std::size_t unsent = unsent_.size() + sealed_now().size();
    const Trouble trouble = flush();
    if (trouble != Trouble::none) {
      if (unsent_.size() != unsent) take(slices, accepted_);  // a part of it has gone
      return trouble_ = trouble;
    }
    if (!unsent_.empty()) return Trouble::none;
    take(slices, std::exchange(accepted_, 0));
    if (all_taken(slices)) return Trouble::none;
    if (encrypt(slices) != Trouble::none) {
      flush();
      return trouble_;
    }
  }
}

void TlsStream::end_writing() {
  if (ended_writing_) return;
  if (trouble_ == Trouble::none && SSL_is_init_finished(ssl_.get()) == 1) {
    begin_call();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    flush();
  }
  ended_writing_ = true;
  if (unsent_.empty())
    tcp_->end_writing();
  else
    reactor::start(say_goodbye(tcp_, std::exchange(unsent_, {})));
}

}  // namespace utakata::tls
