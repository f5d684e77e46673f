/** Who changes the desk and when; every verb takes it. */

export interface Change {
  /** The user in whose name it happens; null for an API key, another desk's mirror or a sweep. */
  actorUserId: string | null;
  now: Date;
}

/** A change by somebody. */
export interface PersonalChange extends Change {
  actorUserId: string;
}

/** A change that comes from another desk; a first import messages nobody. */
export interface MirrorChange extends Change {
  /** Whether domain events are raised. */
  notify: boolean;
}
