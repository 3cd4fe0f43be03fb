package hikyaku.server.testing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Master;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/** A DNS server that knows what a test has published, and nothing else. */
public final class DnsStub implements AutoCloseable {
  private static final int LARGEST = 4096;

  private final DatagramSocket socket;
  private final List<Record> records = new CopyOnWriteArrayList<>();
  private volatile Predicate<String> mute = _ -> false;

  public DnsStub() throws IOException {
    socket = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"));
    Thread.ofPlatform().daemon().name("dns-stub").start(this::answer);
  }

  /** As it stands among the resolvers of a configuration. */
  public String address() {
    return "127.0.0.1:" + socket.getLocalPort();
  }

  /** Takes lines of a zone file, comments too. */
  public void publish(String zone) throws IOException {
    try (Master master =
        new Master(new ByteArrayInputStream(zone.getBytes(StandardCharsets.UTF_8)), Name.root)) {
      for (Record record = master.nextRecord(); record != null; record = master.nextRecord()) {
        records.add(record);
      }
    }
  }

  /** From now on it says nothing about names of which this holds; they end with a dot. */
  public void mute(Predicate<String> names) {
    mute = names;
  }

  private void answer() {
    byte[] buffer = new byte[LARGEST];
    while (!socket.isClosed()) {
      DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
      try {
        socket.receive(packet);
        Message query = new Message(java.util.Arrays.copyOf(buffer, packet.getLength()));
        if (!mute.test(query.getQuestion().getName().toString())) {
          byte[] answer = answer(query);
          socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        }
      } catch (IOException e) {
        // It was closed, or whoever asks will ask again.
      }
    }
  }

  private byte[] answer(Message query) {
    Record question = query.getQuestion();
    Message answer = new Message(query.getHeader().getID());
    answer.getHeader().setFlag(Flags.QR);
    answer.getHeader().setFlag(Flags.RA);
    answer.addRecord(question, Section.QUESTION);
    boolean known = false;
    for (Record record : records) {
      if (record.getName().equals(question.getName())) {
        known = true;
        if (record.getType() == question.getType()) {
          answer.addRecord(record, Section.ANSWER);
        }
      }
    }
    if (!known) {
      answer.getHeader().setRcode(Rcode.NXDOMAIN);
    }
    return answer.toWire(LARGEST);
  }

  @Override
  public void close() {
    socket.close();
  }
}
