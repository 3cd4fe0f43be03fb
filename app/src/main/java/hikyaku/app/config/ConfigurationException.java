package hikyaku.app.config;

import java.util.List;

/** The configuration cannot be used. Its message is for the operator, a line for each mistake. */
public final class ConfigurationException extends Exception {
  ConfigurationException(List<String> mistakes) {
    super(String.join("\n", mistakes));
  }
}
