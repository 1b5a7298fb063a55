"""Files that are broken, lie about themselves or mean harm, and what is to become of each."""
