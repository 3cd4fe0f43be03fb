package hikyaku.systemtests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * One running node for all tests that only use it, each with accounts of its own: a start for each
 * would cost more than the tests. When a test fails, what the nodes said goes to its report, those
 * of the test's own too. {@link LastTest} stops the node and looks at what is left.
 */
final class SharedNode implements ParameterResolver, TestWatcher {
  private static Node node;

  static synchronized Node get() throws IOException, InterruptedException {
    if (node == null) {
      Path target = Path.of("target").toAbsolutePath();
      Files.createDirectories(target);
      node = Node.in(Files.createTempDirectory(target, "shared-node"));
      node.start();
    }
    return node;
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Node.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    try {
      return get();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void testFailed(ExtensionContext context, Throwable cause) {
    for (Node started : Node.all()) {
      System.out.println(
          "--- what a node said, when "
              + context.getDisplayName()
              + " failed\n"
              + started.logTail());
    }
  }
}
