package hikyaku.server.filter;

import hikyaku.server.dkim.Sealer;
import hikyaku.server.srs.ReturnPaths;

/**
 * What is done to mail that goes on to another service.
 *
 * @param returnPaths makes its sender
 * @param sealer tells what was found when it came
 * @param allowance how many mails the scripts of an account may send, besides what is set for all
 */
public record Onward(ReturnPaths returnPaths, Sealer sealer, ScriptAllowance allowance) {
  /** Nothing. */
  public static final Onward AS_IT_CAME = new Onward(ReturnPaths.NONE, Sealer.NONE);

  /** As many as is set for all. */
  public Onward(ReturnPaths returnPaths, Sealer sealer) {
    this(returnPaths, sealer, ScriptAllowance.UNLIMITED);
  }
}
