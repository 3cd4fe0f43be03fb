package hikyaku.server.link;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import hikyaku.server.link.proto.Endpoint;
import hikyaku.server.link.proto.Open;
import hikyaku.server.link.proto.Tls;
import hikyaku.server.net.CarriedSession;
import hikyaku.server.net.TlsInfo;
import hikyaku.server.net.TlsMode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/** Sessions as they are written on a link. */
final class Opens {
  private Opens() {}

  static byte[] encode(CarriedSession session) {
    Open.Builder open =
        Open.newBuilder()
            .setSession(session.sessionId())
            .setListener(session.listener())
            .setService(session.service())
            .setTlsMode(session.mode().name())
            .setRemote(endpoint(session.remote()))
            .setLocal(endpoint(session.local()))
            .setSince(session.since().toEpochMilli())
            .setCompressed(session.compressed())
            .setInputOffset(session.inputOffset())
            .setDoubtfulTo(session.doubtfulTo());
    session.tls().ifPresent(tls -> open.setTls(tls(tls)));
    session.pin().ifPresent(open::setPin);
    session.position().ifPresent(position -> open.setPosition(ByteString.copyFrom(position)));
    return open.build().toByteArray();
  }

  /**
   * @throws LinkException if it is none
   */
  static CarriedSession decode(byte[] octets) throws LinkException {
    try {
      Open open = Open.parseFrom(octets);
      return new CarriedSession(
          open.getSession(),
          open.getListener(),
          open.getService(),
          TlsMode.valueOf(open.getTlsMode()),
          address(open.getRemote()),
          address(open.getLocal()),
          Instant.ofEpochMilli(open.getSince()),
          open.hasTls() ? Optional.of(tls(open.getTls())) : Optional.empty(),
          open.getCompressed(),
          open.getInputOffset(),
          open.getDoubtfulTo(),
          open.hasPin() ? OptionalLong.of(open.getPin()) : OptionalLong.empty(),
          open.hasPosition() ? Optional.of(open.getPosition().toByteArray()) : Optional.empty());
    } catch (InvalidProtocolBufferException | UnknownHostException | IllegalArgumentException e) {
      throw new LinkException("a session that cannot be read: " + e.getMessage());
    }
  }

  private static Endpoint endpoint(InetSocketAddress address) {
    return Endpoint.newBuilder()
        .setAddress(ByteString.copyFrom(address.getAddress().getAddress()))
        .setPort(address.getPort())
        .build();
  }

  private static InetSocketAddress address(Endpoint endpoint) throws UnknownHostException {
    return new InetSocketAddress(
        InetAddress.getByAddress(endpoint.getAddress().toByteArray()), endpoint.getPort());
  }

  static Tls tls(TlsInfo info) {
    Tls.Builder tls = Tls.newBuilder().setProtocol(info.protocol()).setCipher(info.cipher());
    info.serverName().ifPresent(tls::setServerName);
    info.alpn().ifPresent(tls::setAlpn);
    info.exporter().ifPresent(octets -> tls.setExporter(ByteString.copyFrom(octets)));
    info.serverEndPoint().ifPresent(octets -> tls.setServerEndPoint(ByteString.copyFrom(octets)));
    return tls.build();
  }

  static TlsInfo tls(Tls tls) {
    return new TlsInfo(
        tls.getProtocol(),
        tls.getCipher(),
        tls.hasServerName() ? Optional.of(tls.getServerName()) : Optional.empty(),
        tls.hasAlpn() ? Optional.of(tls.getAlpn()) : Optional.empty(),
        tls.hasExporter() ? Optional.of(tls.getExporter().toByteArray()) : Optional.empty(),
        tls.hasServerEndPoint()
            ? Optional.of(tls.getServerEndPoint().toByteArray())
            : Optional.empty());
  }
}
