package hikyaku.server.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Long waits have no timer: the watch over all sessions ends them. */
final class SocketLayerTest {
  private static final long LONG = Deadline.WATCHED * 100;

  private final ExecutorService owner = Executors.newVirtualThreadPerTaskExecutor();
  private SocketChannel client;
  private SocketLayer layer;

  @BeforeEach
  void connect() throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      client = SocketChannel.open(server.getLocalAddress());
      layer =
          new SocketLayer(
              server.accept(),
              new SocketLayer.Traffic() {
                @Override
                public void in(int octets) {}

                @Override
                public void out(int octets) {}
              });
    }
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    layer.close(CloseReason.DONE);
    owner.close();
  }

  /** Looks as the watch does, as if it were later, until the wait has begun and is over. */
  private <T> T endedByTheWatch(Callable<T> wait) throws Exception {
    Future<T> result = owner.submit(wait);
    while (!result.isDone()) {
      layer.checkWait(System.nanoTime() + 2 * LONG);
      Thread.onSpinWait();
    }
    return result.get();
  }

  @Test
  void aWaitBetweenCommandsEnds() throws Exception {
    assertThat(endedByTheWatch(() -> layer.await(Layer.Waiting.IDLE, System.nanoTime() + LONG)))
        .isEqualTo(Wake.TIMEOUT);
    layer.write(new byte[] {'x'}, 0, 1);
    ByteBuffer word = ByteBuffer.allocate(10);
    assertThat(client.read(word)).as("the last word").isEqualTo(1);
  }

  @Test
  void aWaitInACommandEnds() {
    assertThatThrownBy(
            () -> endedByTheWatch(() -> layer.read(new byte[10], 0, 10, System.nanoTime() + LONG)))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(NetException.ReadTimeout.class);
  }

  @Test
  void aWaitWhoseTimeIsNotUpGoesOn() throws Exception {
    Future<Wake> wake =
        owner.submit(() -> layer.await(Layer.Waiting.IDLE, System.nanoTime() + LONG));
    while (!layer.isWaiting()) {
      Thread.onSpinWait();
    }
    layer.checkWait(System.nanoTime());
    client.write(ByteBuffer.wrap(new byte[] {'x'}));
    assertThat(wake.get()).isEqualTo(Wake.INPUT);
    layer.checkWait(System.nanoTime() + 2 * LONG);
    byte[] octets = new byte[10];
    assertThat(layer.read(octets, 0, 10, System.nanoTime() + LONG)).isEqualTo(1);
    client.write(ByteBuffer.wrap(new byte[] {'y'}));
    assertThat(layer.read(octets, 0, 10, System.nanoTime() + LONG)).isEqualTo(1);
  }

  @Test
  void aStopEndsALongWait() throws Exception {
    Future<Wake> wake =
        owner.submit(() -> layer.await(Layer.Waiting.IDLE, System.nanoTime() + LONG));
    while (!layer.isWaiting()) {
      Thread.onSpinWait();
    }
    layer.stop();
    assertThat(wake.get()).isEqualTo(Wake.STOPPING);
  }
}
